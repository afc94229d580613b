"""Locks of clients of 3.x, replicated by the log (docs/grpc.md#locks)."""
