"""Names of services in DNS: which services a name may stand for (docs/dns.md). No I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import attrs

DOT = "--"
"""How a dot within the name of a service or group is written, where it would else part two labels."""


@attrs.frozen
class Zone:
    """
    The names below a suffix.

    @ivar suffix: its labels, in small letters.
    @ivar default_group: of a name without one.
    """

    suffix: tuple[bytes, ...]
    default_group: str

    @classmethod
    def of(cls, suffix: str, default_group: str) -> Zone:
        """@param suffix: C{nacos}, C{svc.example}; a dot at its end changes nothing."""
        return cls(tuple(suffix.strip(".").lower().encode().split(b".")), default_group)

    def within(self, labels: Sequence[bytes]) -> tuple[bytes, ...] | None:
        """What stands before the suffix; None for a name that does not end with it."""
        count = len(self.suffix)
        if len(labels) < count or tuple(label.lower() for label in labels[-count:]) != self.suffix:
            return None
        return tuple(labels[:-count])

    def candidates(self, labels: Sequence[bytes]) -> Iterator[str]:
        """
        Grouped names (C{group@@service}) that a name may stand for, the likeliest first.

        Two labels are service and group. What is longer, or fits no group, is read as a name with dots.
        """
        try:
            texts = [label.decode() for label in labels]
        except UnicodeDecodeError:
            return
        pairs = [(".".join(texts), self.default_group)]
        if len(texts) > 1:
            pairs.insert(0 if len(texts) == 2 else 1, (".".join(texts[:-1]), texts[-1]))
        for service, group in pairs:
            yield f"{group}@@{service}"
        for service, group in pairs:
            if DOT in service or DOT in group:
                yield f"{group.replace(DOT, '.')}@@{service.replace(DOT, '.')}"


class Index:
    """
    Finds a service whatever the case of the letters that it is asked in.

    A name that is spelt as it was registered is found at once. Others go through a table, which is made anew at most
    every L{AGE} seconds while services come and go.
    """

    AGE = 1.0

    def __init__(self) -> None:
        self._folded: dict[str, str] = {}
        self._version: object = None
        self._made = 0.0

    def find(self, services: Mapping[str, object], version: object, candidates: Sequence[str], now: float) -> str:
        """
        The first candidate that there is, as it was registered; "" if there is none.

        @param services: all, by grouped name. C{version}: the table of one holds as long as it is equal.
        @param now: seconds, of a clock that only goes forward.
        """
        for candidate in candidates:
            if candidate in services:
                return candidate
        if (version != self._version or version == -1) and (not self._made or now - self._made >= self.AGE):
            # Of two that differ in case only, every node takes the same.
            self._folded = {grouped.lower(): grouped for grouped in sorted(services, reverse=True)}
            self._version, self._made = version, now
        for candidate in candidates:
            found = self._folded.get(candidate.lower(), "")
            if found in services:
                return found
        return ""
