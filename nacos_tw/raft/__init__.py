"""Raft: the replicated log that every node applies in the same order."""
