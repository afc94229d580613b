"""The rules of Raft: no I/O, no clock, no chance that was not passed in."""
