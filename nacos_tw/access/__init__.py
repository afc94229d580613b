"""
Who calls, what they may do, and the only way to call an operation, which checks that. Pure: no I/O, no clock, no HTTP.
"""
