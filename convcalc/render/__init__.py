"""Output, a file a format: each returns text or a table and prints nothing."""
