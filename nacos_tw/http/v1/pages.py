"""Service lists that were given out, for as long as they hold."""

from __future__ import annotations

from nacos_tw.http.call import Call
from nacos_tw.http.reply import Reply
from nacos_tw.http.v1.faces import Naming
from nacos_tw.memo import BoundedMemo
from nacos_tw.naming import queries

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

    __slots__ = ("_lists", "_naming", "_replies")

    def __init__(self, naming: Naming, most_replies: int = 1024, most_lists: int = 64) -> None:
        """
        @param most_replies: answers that are kept at most; C{most_lists}: lists of names.
        """
        self._naming = naming
        self._replies: BoundedMemo[bytes, tuple[str, int, Reply]] = BoundedMemo(most_replies)
        self._lists: BoundedMemo[tuple[str, str], tuple[int, list[str]]] = BoundedMemo(most_lists)

    def kept(self, call: Call) -> Reply | None:
        """The answer that was given to the same bytes, if it still holds."""
        found = self._replies.get(call.target)
        if found is None or call.body:
            return None
        naming = self._naming
        namespace, version, reply = found
        if naming.registry.catalog_version.get(namespace, 0) != version or naming.overlay:
            return None
        return reply

    def keep(self, call: Call, namespace: str, reply: Reply) -> None:
        """Give this answer again; it must follow from the request's target and the namespace's set of services."""
        if call.body or self._naming.overlay or len(call.target) > LONGEST_TARGET or len(reply.body) > LARGEST_PAGE:
            return
        version = self._naming.registry.catalog_version.get(namespace, 0)
        self._replies.keep(call.target, (namespace, version, reply))

    def names(self, namespace: str, group: str) -> list[str]:
        """All names of a group, sorted; see L{queries.service_names}. Not to be changed."""
        naming = self._naming
        version = naming.registry.catalog_version.get(namespace, 0)
        kept = self._lists.get((namespace, group))
        if kept is not None and kept[0] == version and not naming.overlay:
            return kept[1]
        services = queries.services_of(naming.registry, naming.overlay, namespace)
        names, _ = queries.service_names(services, group, 1, len(services))
        if services and not naming.overlay:
            self._lists.keep((namespace, group), (version, names))
        return names
