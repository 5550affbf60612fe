"""Data may be Python files, which are read and never run."""

collect_ignore_glob = ["networks/*"]
