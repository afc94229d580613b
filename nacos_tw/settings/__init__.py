"""Settings: the files an operator edits, read into values."""
