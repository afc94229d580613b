"""
gRPC over HTTP/2, the server's side, without I/O: bytes in, events out.

L{seam} says what an engine is. L{connection} is the one that serves; L{reference} does the same with the library h2,
and is what the tests compare it with. Nothing here knows Twisted, reads a clock or draws a random number: time is
handed in.
"""
