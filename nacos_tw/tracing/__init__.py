"""
Traces: a write of a config followed from its client over the log (or the shared database) to those who listen to it.

Imported only by a node that has them switched on; nothing of it is wired in otherwise.
"""
