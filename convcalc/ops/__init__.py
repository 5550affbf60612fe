"""The engine's algorithms, one file each. None of them knows a formula: they look at arrays and slide windows."""
