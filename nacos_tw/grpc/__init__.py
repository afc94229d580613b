"""
Clients of 2.x and 3.x: gRPC on 9848.

C{engine} speaks HTTP/2, C{carrier} is its protocol, C{payloads} reads and writes messages, C{dispatch} serves them.
"""
