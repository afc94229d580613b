"""Whether all members keep their configs in the same place, by what they report."""

from __future__ import annotations

from typing import Any

from twisted.logger import Logger

from nacos_tw.cluster.members import DOWN, Member, MemberList

KIND, DATABASE, DIFFERS = "storage", "database", "storageDiffers"
"""Keys of extendInfo: embedded or external; the mark of the database; what is wrong, where something is."""
EXTERNAL = "external"

_Place = tuple[str, str]


class Storage:
    """
    What this node reports, and what the others' reports mean.

    A difference is told by all nodes. Those that the majority of the members agrees with stay in service; else one node
    that was started with a wrong file would take all others out.
    """

    log = Logger()

    def __init__(self, members: MemberList) -> None:
        self._members = members
        self._place: _Place = ("", "")
        self._told = ""
        members.own_facts = self._facts
        members.reported.append(self._look)

    def tell(self, kind: str, database: str = "") -> None:
        """
        This node keeps configs there.

        @param kind: C{embedded} or C{external}.
        @param database: the mark of the database, once that is known.
        """
        self._place = (kind, database)
        self._look()

    def difference(self) -> str:
        """Who keeps configs where, if not all members that are up do so in one place; else ""."""
        if not self._place[0]:
            return ""
        places = {member.address: self._of(member) for member in self._members}
        up = [member.address for member in self._members if member.state != DOWN]
        if all(_same(self._place, places[address]) for address in up):
            return ""
        shown = ", ".join(f"{address} {_words(place)}" for address, place in places.items() if place[0])
        return (
            f"the nodes keep their configs in different places: {shown}; compare spring.datasource.platform, db.num and"
            " db.url.* in their application.properties"
        )

    def trouble(self) -> str:
        """The same, if no majority of the members keeps them where this node does."""
        found = self.difference()
        if not found:
            return ""
        agree = [member for member in self._members if (place := self._of(member))[0] and _same(self._place, place)]
        return "" if 2 * len(agree) > len(self._members) else found

    def _of(self, member: Member) -> _Place:
        """Where a member keeps its configs; of earlier versions that is not known."""
        if member.name == self._members.own_name:
            return self._place
        return str(member.extend.get(KIND, "")), str(member.extend.get(DATABASE, ""))

    def _facts(self) -> tuple[dict[str, Any], str]:
        kind, database = self._place
        facts = {KIND: kind, DATABASE: database, DIFFERS: self.difference()}
        return facts, self.trouble()

    def _look(self) -> None:
        found = self.difference()
        if found == self._told:
            return
        self._told = found
        if found:
            self.log.error("{difference}", difference=found)
        else:
            self.log.info("all nodes that are up keep their configs in the same place")


def _same(one: _Place, other: _Place) -> bool:
    """Whether both are one place, as far as it is known."""
    if not (one[0] and other[0]):
        return True
    return one[0] == other[0] and (one[1] == other[1] or not (one[1] and other[1]))


def _words(place: _Place) -> str:
    kind, database = place
    if kind != EXTERNAL:
        return "in its own files (embedded)"
    return f"in the database with the mark {database}" if database else "in a database"
