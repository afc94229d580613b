"""Certificates that are replaced while the node runs."""

from __future__ import annotations

import datetime
import os
import signal
from typing import Any

from twisted.internet import reactor as real_reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import Logger, formatEvent
from twisted.trial.unittest import SynchronousTestCase, TestCase

from nacos_tw.errors import StartError
from nacos_tw.tls.contexts import raft_context
from nacos_tw.tls.files import Credentials
from nacos_tw.tls.loaded import LoadedCertificates
from nacos_tw.tls.making import Pair, Span, make_ca, make_node
from nacos_tw.tls.reloading import DAY, Reloading
from tests.tls.pairs import ca, credentials, node

_NOW = datetime.datetime.now(datetime.timezone.utc)
LATER = Span(_NOW + datetime.timedelta(days=1), _NOW + datetime.timedelta(days=20))


class Source:
    """Files that a test exchanges."""

    def __init__(self, pair: Pair) -> None:
        self.pair: Pair | None = pair
        self.authorities = [ca()]

    def read(self) -> Credentials:
        if self.pair is None:
            raise StartError("node.pem: is empty")
        return credentials(self.pair, self.authorities)


class HeldCase(SynchronousTestCase):
    """One port's certificates, and what is logged."""

    def certificates(self, pair: Pair, build: Any = raft_context) -> tuple[Source, LoadedCertificates, list[str]]:
        source, lines = Source(pair), []

        def observe(event: Any) -> None:
            lines.append(f"{event['log_level'].name} {formatEvent(event)}")

        held = LoadedCertificates("https on port 1", source.read, build)
        held.log = Logger(observer=observe)  # type: ignore[misc]
        return source, held, lines


class LoadedTests(HeldCase):
    """Reading again."""

    def test_new(self) -> None:
        """New connections get the new context, those before keep theirs."""
        source, held, lines = self.certificates(node("a"))
        before = held.creator.serverConnectionForTLS(None)
        old = held.creator.context
        source.pair = node("b")
        self.assertTrue(held.reload())
        self.assertIsNot(held.creator.context, old)
        self.assertIs(before.get_context(), old)
        self.assertEqual(held.credentials.certificate, node("b").certificate)
        self.assertEqual(lines[0], "info https on port 1: certificates were read again")
        self.assertRegex(
            lines[1], r"^info https on port 1: certificate of CN=b, valid until \d{4}-\d\d-\d\d \d\d:\d\d UTC$"
        )
        self.assertEqual(len(lines), 2)

    def test_broken(self) -> None:
        """Files that cannot be read, that OpenSSL does not take, or that have expired change nothing."""
        source, held, lines = self.certificates(node("a"))
        old = held.creator.context
        for pair, said in ((None, "node.pem: is empty"), (node("a", days=-1), "the certificate of CN=a has expired")):
            source.pair = pair
            self.assertFalse(held.reload())
            self.assertEqual(
                lines.pop(), f"error https on port 1: the new certificates are not used, the old ones stay: {said}"
            )
        self.assertIs(held.creator.context, old)
        self.assertEqual((held.credentials.certificate, lines), (node("a").certificate, []))

    def test_untimely(self) -> None:
        """What the others would refuse now replaces nothing that they take: so it is with a CA that has expired, and
        with what is not valid yet. An expired CA beside the one in use is only left over."""
        source, held, lines = self.certificates(node("a"))
        old = held.creator.context
        expired = make_ca("old", Span.days(-1))
        for pair, authorities, said in (
            (make_node(expired, ("a",), Span.days(20)), [ca(), expired], "the CA CN=old has expired"),
            (make_node(ca(), ("a",), LATER), [ca()], "the certificate of CN=a is not valid yet"),
        ):
            source.pair, source.authorities = pair, authorities
            self.assertFalse(held.reload())
            self.assertEqual(
                lines.pop(), f"error https on port 1: the new certificates are not used, the old ones stay: {said}"
            )
        self.assertIs(held.creator.context, old)
        source.pair = node("a")
        for authorities in ([expired, ca()], [ca("other"), expired]):
            source.authorities = authorities
            self.assertTrue(held.reload(), lines)

    def test_first_time(self) -> None:
        """At the start an error is the start's."""
        source = Source(node("a"))
        source.pair = None
        self.assertRaises(StartError, LoadedCertificates, "x", source.read, raft_context)

    def test_reminders(self) -> None:
        """Two weeks before the end, and after it."""
        for days, said in ((20, None), (5.5, "expires in 5 days"), (-1, "has expired")):
            _, held, lines = self.certificates(node("a", days=days))
            held.remind()
            self.assertEqual(len(lines), said is not None)
            if said:
                self.assertIn(f"warn https on port 1: the certificate {said}", lines[0])


class ReloadingTests(TestCase):
    """SIGHUP and the daily reminder."""

    timeout = 120

    async def test_signal(self) -> None:
        """Each port is read again, also if another's fails; afterwards the signal is as it was."""
        done: Deferred[None] = Deferred()
        seen: list[str] = []

        class Failing(LoadedCertificates):
            def reload(self) -> bool:
                seen.append("failing")
                raise ValueError("a bug")

        class Seen(LoadedCertificates):
            def reload(self) -> bool:
                seen.append("seen")
                done.callback(None)
                return True

        source = Source(node("a"))
        held = [kind("x", source.read, raft_context) for kind in (Failing, Seen)]
        before = signal.getsignal(signal.SIGHUP)
        service = Reloading(held, real_reactor)
        service.startService()
        try:
            os.kill(os.getpid(), signal.SIGHUP)
            await done
        finally:
            service.stopService()
        self.assertEqual(seen, ["failing", "seen"])
        self.assertEqual(signal.getsignal(signal.SIGHUP), before)
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)

    def test_daily(self) -> None:
        """Once a day while it runs."""
        reminded: list[int] = []

        class Counting(LoadedCertificates):
            def remind(self) -> None:
                reminded.append(1)

        clock = Clock()
        service = Reloading([Counting("x", Source(node("a")).read, raft_context)], clock)
        service.startService()
        clock.advance(DAY)
        self.assertEqual(len(reminded), 2)  # at the start, and now
        service.stopService()
        clock.advance(DAY)
        self.assertEqual((len(reminded), clock.getDelayedCalls()), (2, []))

    def test_stop_without_start(self) -> None:
        """A node whose start failed stops without having taken the signal."""
        before = signal.getsignal(signal.SIGHUP)
        Reloading([], Clock()).stopService()
        self.assertEqual(signal.getsignal(signal.SIGHUP), before)
