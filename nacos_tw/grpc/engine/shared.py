"""State that all connections of a server share."""

from __future__ import annotations

from collections import Counter

from nacos_tw.grpc.engine.assembly import Room
from nacos_tw.grpc.engine.heads import Head, Methods
from nacos_tw.grpc.engine.hpack import OVERHEAD, Header, Table, decode
from nacos_tw.grpc.engine.limits import Limits
from nacos_tw.grpc.engine.memory import Memory

MANY_CHANGES = 32
"""After so many changes of its table what a connection's blocks mean is not remembered where they change it again."""


class Shared:
    """
    What all connections of a server have together.

    @ivar heads: (table, block) -> what it means and the table after it; C{tables}: contents -> table.
    @ivar framed: the message that was sent last on a stream, its stream, and its frame: many are sent the same one.
    @ivar room: for messages that come in parts.
    @ivar refused: calls refused for a limit, by it: C{malformed}, C{streams}, C{messages} (too large, no room, or
        none), C{unread}, C{slow}.
    """

    def __init__(
        self, methods: Methods, limits: Limits, room: Room | None = None, remembered: int = 4096, bytes_: int = 2**22
    ) -> None:
        """
        @param remembered: header blocks; C{bytes_}: what they and tables may take, each.
        """
        self.methods = methods
        self.limits = limits
        self.framed: tuple[bytes, int, bytes] = (b"", 0, b"")
        self.room = room or Room()
        self.refused: Counter[str] = Counter()
        self.heads: Memory[tuple[Table, bytes], tuple[Head, Table]] = Memory(remembered, bytes_)
        self.tables: Memory[tuple[int, tuple[Header, ...]], Table] = Memory(remembered, bytes_)
        self.first_table = Table()

    def learn(self, table: Table, block: bytes, changes: int) -> tuple[Head, Table]:
        """
        Decode a block that is not remembered, and remember it.

        @param changes: blocks of this connection so far that changed its table.
        @raise nacos_tw.grpc.engine.hpack.HpackError: it is damaged.
        @raise nacos_tw.grpc.engine.hpack.HeadersTooLarge: it has too much in it.
        """
        headers, after = decode(table, block, self.limits.header_list)
        head = Head(headers, self.methods)
        if after is table or (after.limit == table.limit and after.entries == table.entries):
            after = table
        elif changes < MANY_CHANGES:
            key = (after.limit, after.entries)
            same = self.tables.get(key)
            if same is None:
                self.tables.put(key, after, after.size + OVERHEAD)
            after = same or after
        else:
            return head, after
        size = sum(len(name) + len(value) + 2 * OVERHEAD for name, value in headers)
        self.heads.put((table, block), (head, after), len(block) + size + 200 + after.size)
        return head, after
