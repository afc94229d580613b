"""What a node that shares a database does about accounts when a link to another one goes and comes."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.config.cache import ConfigCache
from nacos_tw.config.configs import Waiting
from nacos_tw.database.external import ExternalBackend
from nacos_tw.errors import Unavailable
from tests.config.fakes import local_file


class Accounts:
    """Counts how often they are read anew."""

    def __init__(self) -> None:
        self.read = 0
        self.cut_off: Any = None

    def refresh(self) -> Deferred[None]:
        self.read += 1
        return succeed(None)


class LinkTests(SynchronousTestCase):
    """One of three nodes."""

    def setUp(self) -> None:
        clock = Clock()
        self.accounts = Accounts()
        local = local_file(clock, self.mktemp() + "/one.db")
        self.addCleanup(local.close)
        given: Any = self.accounts
        self.backend = ExternalBackend(
            clock,
            given,
            ConfigCache(local),
            local,
            lambda: 0.5,
            lambda: 5000,
            others=lambda: ["two", "three"],
            accounts=given,
        )

    def test_cut_off(self) -> None:
        """From the start on until all others can be heard, and again when one cannot."""
        self.assertTrue(self.accounts.cut_off())
        self.backend.peer_connected("two")
        self.assertTrue(self.accounts.cut_off())
        self.backend.peer_connected("three")
        self.assertFalse(self.accounts.cut_off())
        self.backend.peer_disconnected("two")
        self.assertTrue(self.accounts.cut_off())

    def test_waiting(self) -> None:
        """Configs that the others have not heard of are told to monitoring, and how often they were not."""

        def asked(peer: str, what: str, body: bytes) -> Deferred[bytes]:
            return fail(Unavailable("no connection"))

        self.assertEqual(self.backend.waiting(), Waiting())
        self.backend.notices._ask = asked
        self.backend.notices.tell([("", "g", "a"), ("", "g", "b")])
        self.assertEqual(self.backend.waiting(), Waiting(notices=4, unheard=2))
        self.backend.notices.stop()

    def test_what_may_have_been_lost(self) -> None:
        """A notice may have gone with the link, so the tables are read; and once more when it is back."""
        for number, change in enumerate((self.backend.peer_connected, self.backend.peer_disconnected) * 2, 1):
            change("two")
            self.assertEqual(self.accounts.read, number)
