"""Cached pages of service lists, valid as long as the services are unchanged."""

from __future__ import annotations

from nacos_tw.http.call import Call
from nacos_tw.http.reply import Reply
from nacos_tw.memo import BoundedMemo
from nacos_tw.naming.operations.discovery import Catalog, Discovery

LARGEST_PAGE = 8 * 1024
"""Bytes of an answer that is kept."""
LONGEST_TARGET = 1024
"""Bytes of a request's target that is kept."""


class Pages:
    """
    Answers by the raw target of the request, and sorted names by namespace and group.

    Both hold until the set of services in the namespace changes. While the node shows provisional instances nothing
    is kept and nothing kept is given.
    """

    __slots__ = ("_discovery", "_lists", "_replies")

    def __init__(self, discovery: Discovery, most_replies: int = 1024, most_lists: int = 64) -> None:
        """
        @param most_replies: answers that are kept at most; C{most_lists}: lists of names.
        """
        self._discovery = discovery
        self._replies: BoundedMemo[bytes, tuple[Catalog, Reply]] = BoundedMemo(most_replies)
        self._lists: BoundedMemo[tuple[str, str], tuple[int, list[str]]] = BoundedMemo(most_lists)

    def kept(self, call: Call) -> Reply | None:
        """The answer that was given to the same bytes, if it still holds."""
        found = self._replies.get(call.target)
        if found is None or call.body:
            return None
        catalog, reply = found
        return reply if self._discovery.listed(call, catalog) else None

    def keep(self, call: Call, catalog: Catalog, reply: Reply) -> None:
        """Give this answer again; it must follow from the request's target and the namespace's set of services."""
        if call.body or catalog.version < 0 or len(call.target) > LONGEST_TARGET or len(reply.body) > LARGEST_PAGE:
            return
        self._replies.keep(call.target, (catalog, reply))

    def names(self, catalog: Catalog, group: str) -> list[str]:
        """All names of a group, sorted. Not to be changed."""
        kept = self._lists.get((catalog.namespace, group))
        if kept is not None and kept[0] == catalog.version:
            return kept[1]
        names = catalog.names(group)
        if catalog.services and catalog.version >= 0:
            self._lists.keep((catalog.namespace, group), (catalog.version, names))
        return names
