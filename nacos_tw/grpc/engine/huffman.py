"""Huffman decoding of HPACK strings (RFC 7541, section 5.2 and appendix B)."""

from __future__ import annotations

# fmt: off
LENGTHS = (
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28,
    28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6,
    12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15,
    5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20,
    22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22,
    23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24,
    21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26,
    27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
)
# fmt: on
"""Bits of the code of each byte, and of the end of the string (256). The code is canonical: they say all of it."""
END = 256
PADDING = 7
"""Bits of padding at most."""

_Row = list[tuple[int, bytes, bool]]


def _nodes() -> list[list[int]]:
    """The code as a binary tree: node -> [node of 0, node of 1]; C{-1 - symbol} for a leaf."""
    nodes: list[list[int]] = [[0, 0]]
    code = last = 0
    for length, symbol in sorted((length, symbol) for symbol, length in enumerate(LENGTHS)):
        code <<= length - last
        last = length
        node = 0
        for place in range(length - 1, 0, -1):
            bit = code >> place & 1
            if not nodes[node][bit]:
                nodes.append([0, 0])
                nodes[node][bit] = len(nodes) - 1
            node = nodes[node][bit]
        nodes[node][code & 1] = -1 - symbol
        code += 1
    return nodes


def _machine() -> list[_Row]:
    """
    For each node and each four bits: the node after them, what they complete, and whether the code is broken by then.

    All nodes get their row, those that four bits at a time never reach too.
    """
    nodes = _nodes()
    machine: list[_Row] = []
    for start in range(len(nodes)):
        row: _Row = []
        for bits in range(16):
            node, out, broken = start, b"", False
            for place in (3, 2, 1, 0):
                node = nodes[node][bits >> place & 1]
                if node < 0:
                    symbol = -1 - node
                    node = 0
                    if symbol == END:
                        broken = True
                        break
                    out += bytes((symbol,))
            row.append((node, out, broken))
        machine.append(row)
    return machine


def _endings() -> set[int]:
    """Nodes at which a string may end: less than a byte of ones since the last symbol."""
    nodes = _nodes()
    found, node = {0}, 0
    for _ in range(PADDING):
        node = nodes[node][1]
        found.add(node)
    return found


_MACHINE = _machine()
_ENDINGS = _endings()


def decode_string(data: bytes) -> bytes | None:
    """The string; None if that is no string."""
    machine = _MACHINE
    node = 0
    out: list[bytes] = []
    for byte in data:
        node, first, broken = machine[node][byte >> 4]
        if broken:
            return None
        node, second, broken = machine[node][byte & 15]
        if broken:
            return None
        out.append(first)
        out.append(second)
    return b"".join(out) if node in _ENDINGS else None
