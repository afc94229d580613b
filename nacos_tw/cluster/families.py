"""The node and its members in the metrics."""

from __future__ import annotations

from collections.abc import Iterator

from nacos_tw.cluster.members import UP, MemberList
from nacos_tw.metrics.exposition import Family, gauge


def ready_family(readiness: str) -> Iterator[Family]:
    """@param readiness: "" where the node can do its work."""
    yield gauge("nacos_ready", "Whether this node can do its work.", int(not readiness))


def member_families(members: MemberList, storage_differs: str) -> Iterator[Family]:
    """
    Who is up.

    @param storage_differs: how the places differ in which the members keep their configs; "" if they do not.
    """
    samples = [({"member": member.address}, int(member.state == UP)) for member in members]
    yield Family("nacos_member_up", "gauge", "Whether this node takes the member for up.", list(samples))
    yield gauge(
        "nacos_storage_differs",
        "Whether members that are up keep their configs in different places.",
        int(bool(storage_differs)),
    )
