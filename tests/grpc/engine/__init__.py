"""The engine: bytes in, events out."""
