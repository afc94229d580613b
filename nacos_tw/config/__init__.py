"""The configuration centre: what is stored, how it changes, who is told."""
