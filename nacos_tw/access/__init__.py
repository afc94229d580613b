"""Who asks, what they may do, and the one way on which that is checked. Pure: no I/O, no clock, no HTTP."""
