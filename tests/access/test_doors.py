"""Whatever way somebody comes in, an operation with a rule is what lets them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from typing import Any

import msgspec
from twisted.internet import reactor
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.access import operations
from nacos_tw.access.identity import NOBODY, Identity
from nacos_tw.access.rules import NotAllowed, Rule, authorize
from nacos_tw.grpc.payloads import Metadata, Reader, write_request
from nacos_tw.service import NacosNode
from nacos_tw.settings.settings import load
from tests.access.doors import DOORS, Stream, Way, connected
from tests.access.payloads import payloads


class DoorTests(SynchronousTestCase):
    """
    Every way into a node that has all of its parts, but no log that goes on.

    @ivar entered: the rules of the operations that a way came to.
    """

    def setUp(self) -> None:
        home = tempfile.mkdtemp(prefix="nacos-tw-doors-")
        self.addCleanup(shutil.rmtree, home, ignore_errors=True)
        settings = load(home, {"HOME": home}, {"nacos.standalone": "true", "nacos.core.auth.enabled": "true"})
        before = set(self.timers())
        self.node = NacosNode(settings, reactor)
        self.addCleanup(self.node.store.close)
        self.addCleanup(lambda: [each.cancel() for each in self.timers() if each not in before])
        self.entered: list[Rule] = []
        self.patch(operations, "authorize", self.authorize)

    @staticmethod
    def timers() -> list[IDelayedCall]:
        """Of the reactor: a way that was entered may wait for something, and nobody waits for it."""
        return IReactorTime(reactor).getDelayedCalls()  # type: ignore[no-any-return]

    def authorize(self, identity: Identity, rule: Rule, resource: Callable[[], str]) -> None:
        """What operations ask."""
        self.entered.append(rule)
        authorize(identity, rule, resource)

    def outcome(self, way: Way) -> Any:
        """What came of it: an answer, or an error."""
        self.entered.clear()
        found: list[Any] = []
        try:
            given = way.enter()
            if not isinstance(given, Deferred) and not hasattr(given, "send"):
                return given
            later = given if isinstance(given, Deferred) else ensureDeferred(given)
            later.addBoth(found.append)
        except Exception as error:
            return error
        return getattr(found[0], "value", found[0]) if found else None

    def test_every_way(self) -> None:
        """
        Nobody is refused by the operation itself where its rule is not open; a way has its operation's rule, or is for
        administrators only.
        """
        wrong: list[Any] = []
        without: dict[str, Any] = {}
        for door, ways in DOORS.items():
            for way in ways(self.node):
                outcome = self.outcome(way)
                if not self.entered:
                    without[way.name] = outcome
                elif way.rule.action != "open" and not isinstance(outcome, NotAllowed):
                    wrong.append((door, way.name, outcome))
                elif way.rule.action != "admin" and self.entered[0][:2] != way.rule[:2]:
                    wrong.append((door, way.name, self.entered[0], way.rule))
        self.assertEqual(wrong, [])
        self.assertEqual(without, {}, "these reach no operation")

    def test_grpc_refusals(self) -> None:
        """A client that is nobody hears so for each type of payload, in its own response; nothing is changed."""
        node, stream = self.node, Stream()
        stream.client = client = connected(node)
        dispatcher = node.grpc.dispatcher
        dispatcher.identify = lambda headers, address: NOBODY
        dispatcher._started = lambda: True
        before = self.state()
        for type_, _, members in payloads(iter(sorted(dispatcher._handlers))):
            request = write_request(Metadata(type_, {}, "10.0.0.9"), msgspec.json.encode(members))
            given = dispatcher.unary(stream, request)  # type: ignore[arg-type]
            message = self.successResultOf(given) if isinstance(given, Deferred) else given
            metadata, body = Reader().read(message)
            answer = msgspec.json.decode(body)
            self.assertEqual(
                (metadata.type, answer["resultCode"], answer["errorCode"], answer["message"]),
                (dispatcher._handlers[type_].response.__name__, 500, 403, "Validate Authority failed."),
                members,
            )
        self.assertEqual(self.state(), before)
        self.assertTrue(client.open)

    def state(self) -> tuple[Any, ...]:
        """All that a client could have changed: the registry, the locks, configs; who is told of which."""
        node = self.node
        assert node.configs is not None
        listeners = node.configs.listeners
        return (
            node.registry.snapshot(), node.naming.overlay, node.lock_machine.snapshot(), node.node.status(),
            dict(node.configs.cache.entries), list(node.naming.subscriptions),
            [dict(audience._by_key) for audience in listeners._audiences],
        )  # fmt: skip
