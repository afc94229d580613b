"""Writes to embedded storage: what waits until every member knows it."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.config.commands import Publish, PublishGray, RemoveGray
from nacos_tw.database.commands import LABELS, Level, decode
from nacos_tw.database.embedded import NOT_YET, EmbeddedBackend
from nacos_tw.database.machine import NAME, ConfigMachine
from nacos_tw.errors import Unavailable
from nacos_tw.storage.sqlite import SQLiteFile

KEY = ("", "g", "d")
PUBLISH, REMOVE = PublishGray(KEY, "c", "hz", "{}", 7), RemoveGray(KEY, "hz", 8)


class LevelTests(SynchronousTestCase):
    """
    Copies by labels, which nodes of older versions do not know.

    @ivar members: the level that all members are known to have.
    @ivar proposed: what came into the log.
    """

    def setUp(self) -> None:
        self.path = f"{self.mktemp()}/config.db"
        self.members, self.available = LABELS - 1, True
        self.proposed: list[Any] = []
        self.opened()

    def opened(self) -> None:
        """The file, as a node finds it that starts."""
        file = SQLiteFile(self.path)
        self.addCleanup(file.close)
        self.machine = ConfigMachine(file)
        self.backend = EmbeddedBackend(
            self, file, lambda: "", level=lambda: self.machine.level, members_level=lambda: self.members  # type: ignore[arg-type]
        )  # fmt: skip

    def propose(self, command: bytes) -> Deferred[Any]:
        """The log of one node."""
        if not self.available:
            return fail(Unavailable("no leader"))
        self.assertEqual(command[:1], NAME)
        self.proposed.append(decode(command[1:]))
        self.machine.begin(len(self.proposed), 1)
        result = self.machine.apply(command[1:])
        self.machine.flush()
        return succeed(result)

    def test_waits(self) -> None:
        """While a member may not know them they are refused, and nothing comes into the log; other writes go on."""
        for command in (PUBLISH, REMOVE):
            self.assertEqual(str(self.failureResultOf(self.backend.write(command), Unavailable).value), NOT_YET)
        self.assertEqual(self.proposed, [])
        self.assertIs(self.successResultOf(self.backend.write(Publish(KEY, "c", None, 7))), True)

    def test_for_good(self) -> None:
        """The first says in front of it that all know them: then it does not matter who is away, or restarts."""
        self.members = LABELS
        self.assertIs(self.successResultOf(self.backend.write(PUBLISH)), True)
        self.assertEqual(self.proposed, [Level(LABELS), PUBLISH])
        self.members = 0
        self.opened()
        self.assertIs(self.successResultOf(self.backend.write(REMOVE)), True)
        self.assertEqual(self.proposed, [Level(LABELS), PUBLISH, REMOVE])

    def test_never_down(self) -> None:
        """A lower level changes nothing."""
        for level in (LABELS, 1):
            self.successResultOf(self.backend.write(Level(level)))
        self.assertEqual(self.machine.level, LABELS)

    def test_without_a_leader(self) -> None:
        """The write fails, and nothing is left over."""
        self.members, self.available = LABELS, False
        self.failureResultOf(self.backend.write(PUBLISH), Unavailable)
        self.assertEqual((self.proposed, self.machine.level), ([], 0))
