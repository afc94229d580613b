"""What must hold of a history, whatever broke meanwhile. Each check gives its findings in words; none: it holds."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Mapping, Sequence

from tests.faults.history import OK, REFUSED, Operation

STALE = 5.0
"""Seconds that what a ready node serves may be behind what was acknowledged anywhere."""
CONTRADICTS = "raft: this node's state contradicts the cluster's and is set aside"
"""What a node logs that knew more than what the cluster goes on with. (Others log its reason, which begins later.)"""
WINDOW = 3.0
"""Seconds. A node is ready only within 2 s of its leader, so what it serves meanwhile is never older than L{STALE}."""


def order_of_writes(rows: Sequence[tuple[str, str]], current: str) -> list[str]:
    """
    The md5s that a config had, one after the other, by its history.

    @param rows: kind (C{I}, C{U} or C{D}) and md5 of each row, the oldest first; C{I} holds the new content, the others
        the one that was replaced.
    @param current: the md5 that it has now, "" if it is not there.
    @raise ValueError: the rows do not fit together.
    """
    order: list[str] = []
    pending = False  # a U was there, and its new content is told by what follows
    there = False
    for kind, digest in rows:
        if pending:
            order.append(digest)
            pending = False
        if kind == "I":
            if there:
                raise ValueError(f"inserted while it was there: {digest}")
            order.append(digest)
            there = True
            continue
        if not there or order[-1] != digest:
            raise ValueError(f"{kind} of {digest}, which was not the content")
        pending, there = kind == "U", kind == "U"
    if pending:
        order.append(current)
    elif there and order[-1] != current:
        raise ValueError(f"the content is {current}, and the last that was written {order[-1]}")
    return order


def acknowledged_and_present(writes: Iterable[Operation], order: Sequence[str]) -> list[str]:
    """Each acknowledged write is there once, each refused one is not, and nobody's is not there either."""
    found = []
    counts: dict[str, int] = {}
    for digest in order:
        counts[digest] = counts.get(digest, 0) + 1
    known = set()
    for write in writes:
        known.add(write.value)
        count = counts.get(write.value, 0)
        if write.outcome == OK and count != 1:
            found.append(f"acknowledged and there {count} times: {write}")
        elif write.outcome == REFUSED and count:
            found.append(f"refused and done all the same: {write}")
        elif count > 1:
            found.append(f"done {count} times: {write}")
    found += [f"{digest} was written by nobody" for digest in counts if digest not in known]
    return found


def real_time(writes: Iterable[Operation], order: Sequence[str]) -> list[str]:
    """A write that ended before another began is before it."""
    place = {digest: number for number, digest in enumerate(order)}
    done = [write for write in writes if write.outcome == OK and write.value in place]
    done.sort(key=lambda write: place[write.value])
    found = []
    latest: Operation | None = None  # of those before, the one that began last
    for write in done:
        if latest is not None and write.ended < latest.begun:
            found.append(f"{write} ended before {latest} began, and stands behind it")
        if latest is None or write.begun > latest.begun:
            latest = write
    return found


def one_winner(writes: Iterable[Operation], order: Sequence[str]) -> list[str]:
    """A compare-and-set that was done follows right on the content that it named."""
    place = {digest: number for number, digest in enumerate(order)}
    found = []
    for write in writes:
        if write.kind != "cas" or write.value not in place:
            continue
        number = place[write.value]
        before = order[number - 1] if number else ""
        if before != write.expected:
            found.append(f"it replaced {before or 'nothing'}: {write}")
    return found


class Readiness:
    """What each node said of itself over time."""

    def __init__(self, samples: Iterable[Operation]) -> None:
        self._samples: dict[str, list[Operation]] = {}
        for sample in samples:
            self._samples.setdefault(sample.node, []).append(sample)
        for found in self._samples.values():
            found.sort(key=lambda sample: sample.begun)
        self._begun = {node: [sample.begun for sample in found] for node, found in self._samples.items()}

    def around(self, operation: Operation) -> bool:
        """
        Whether the node was asked right before and after the operation, and called itself ready each time. Where that
        took longer than L{WINDOW}, it may have been unready meanwhile.
        """
        samples = self._samples.get(operation.node, [])
        first = bisect.bisect_left(self._begun.get(operation.node, []), operation.begun)
        before = [sample for sample in samples[max(0, first - 4) : first] if sample.ended <= operation.begun]
        during = []
        for sample in samples[first:]:
            during.append(sample)
            if sample.begun >= operation.ended:
                break
        if not before or not during or during[-1].begun < operation.ended:
            return False
        if during[-1].ended - before[-1].begun > WINDOW:
            return False
        return all(sample.outcome == OK for sample in (before[-1], *during))


def reads_go_forward(reads: Iterable[Operation], order: Sequence[str], ready: Readiness) -> list[str]:
    """Of a ready node each session reads what was written, and never something older than it has read there before."""
    place = {digest: number for number, digest in enumerate(order)}
    found = []
    last: dict[tuple[str, str], Operation] = {}
    for read in reads:
        if read.outcome != OK or not ready.around(read):
            continue
        if not read.value:
            if order and (read.session, read.node) in last:
                found.append(f"it is gone: {read}")
            continue
        if read.value not in place:
            found.append(f"nobody wrote what was read: {read}")
            continue
        before = last.get((read.session, read.node))
        if before is not None and place[read.value] < place[before.value]:
            found.append(f"{read} went back behind {before}")
        last[read.session, read.node] = read
    return found


def not_stale(
    reads: Iterable[Operation], writes: Iterable[Operation], order: Sequence[str], ready: Readiness
) -> list[str]:
    """A node that calls itself ready before and after serves nothing that was replaced more than L{STALE} s before."""
    place = {digest: number for number, digest in enumerate(order)}
    replaced = [float("inf")] * len(order)
    for write in writes:
        number = place.get(write.value, 0)
        if write.outcome == OK and number:
            replaced[number - 1] = min(replaced[number - 1], write.ended)
    for number in range(len(order) - 2, -1, -1):  # what is replaced by a later one is replaced as well
        replaced[number] = min(replaced[number], replaced[number + 1])
    found = []
    for read in reads:
        number = place.get(read.value, -1)
        if read.outcome != OK or number < 0:
            continue
        behind = read.begun - replaced[number]
        if behind > STALE and ready.around(read):
            found.append(f"replaced {behind:.1f} s before: {read}")
    return found


def own_writes_are_read(reads: Iterable[Operation], writes: Iterable[Operation], order: Sequence[str]) -> list[str]:
    """A read that begins at a node after that node has acknowledged a write sees it, or a later one."""
    place = {digest: number for number, digest in enumerate(order)}
    acknowledged: dict[str, tuple[list[float], list[int]]] = {}
    for write in sorted((write for write in writes if write.outcome == OK), key=lambda write: write.ended):
        times, places = acknowledged.setdefault(write.node, ([], []))
        times.append(write.ended)
        places.append(max(place.get(write.value, -1), places[-1] if places else -1))
    found = []
    for read in reads:
        if read.outcome != OK or read.node not in acknowledged:
            continue
        times, places = acknowledged[read.node]
        number = bisect.bisect_left(times, read.begun)
        if number and place.get(read.value, -1) < places[number - 1]:
            found.append(f"older than what that node had acknowledged before: {read}")
    return found


def living_are_listed(
    lists: Iterable[Operation], beats: Mapping[str, Sequence[Operation]], ready: Readiness, lately: float
) -> list[str]:
    """
    A ready node lists each instance that has beaten all the time.

    @param beats: the acknowledged registrations and beats of each ip, in order.
    @param lately: seconds; an ip whose last acknowledged beat before a look is older is not judged.
    """
    ends = {ip: [beat.ended for beat in found] for ip, found in beats.items()}
    found = []
    for look in lists:
        if look.outcome != OK or not ready.around(look):
            continue
        for ip, times in ends.items():
            number = bisect.bisect_left(times, look.begun - STALE)
            # It was there in time, and beats went on until the look and after it.
            if not number or number >= len(times) or times[-1] < look.ended:
                continue
            gaps = [after - before for before, after in zip(times[:-1], times[1:], strict=True) if before < look.ended]
            if max(gaps, default=0.0) < lately and ip not in look.ips:
                found.append(f"{ip} beats, and is not listed: {look.node} at {look.begun:.2f}")
    return found


def not_in_silence(findings: Sequence[str], contradictions: Mapping[str, int], logs: Mapping[str, str]) -> list[str]:
    """
    After a majority of the disks went back acknowledged writes may be lost, if a node that knew them says so.

    @param findings: of all other checks.
    @param contradictions: what each node's metric counts.
    @param logs: what each node has logged.
    @return: the findings, if none says so; and what a node says only in one of the two places.
    """
    loud = {node for node, log in logs.items() if CONTRADICTS in log}
    counted = {node for node, count in contradictions.items() if count}
    found = [f"{node} says of a contradiction in one place only" for node in sorted(loud ^ counted)]
    return found if loud else [*found, *findings]
