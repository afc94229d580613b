"""Health probes for persistent instances."""
