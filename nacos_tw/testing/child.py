"""
A node for tests, in a process that L{nacos_tw.testing.template} has forked. All that a start imports is imported here,
so that the template has it.
"""

from __future__ import annotations

import os
import sys

from nacos_tw import tls_on_demand

tls_on_demand.hide()  # before Twisted is loaded

# isort: split
import socket
from collections.abc import Sequence
from typing import Any

import twisted.internet
from twisted.internet.protocol import Factory, Protocol
from twisted.logger import globalLogBeginner
from twisted.python.failure import Failure

from nacos_tw.clocks import make_monotonic
from nacos_tw.http.routing import Area
from nacos_tw.logs import Console
from nacos_tw.options import Options, load_settings
from nacos_tw.service import NacosNode
from nacos_tw.starting import one_line_errors
from nacos_tw.testing.control import ControlArea, FailingCheck, Failures, fail_types


class TestedNode(NacosNode):
    """A node that does what a test tells it."""

    failures: Failures

    def more_areas(self) -> list[Area]:
        """The routes for it."""
        self.failures = Failures()
        return [ControlArea(self.guard, self, self.failures)]

    def prepare(self) -> None:
        """Have requests fail that are to fail."""
        self.guard.authorization = FailingCheck(self.guard.authorization, self.failures)
        fail_types(self.grpc.dispatcher.handlers, self.failures)


class Test(Protocol):
    """Whoever wanted this node: when that is gone, so is the node."""

    def connectionLost(self, reason: Failure | None = None) -> None:
        """It is gone, or wants no more."""
        os._exit(0)  # there is nothing to save


def fresh_reactor() -> Any:
    """
    A reactor of this process's own. The one that the template has, as Klein loads it, shares its epoll with it; nothing
    but Klein's C{run}, which nobody calls, knows that one.
    """
    sys.modules.pop("twisted.internet.reactor", None)
    if hasattr(twisted.internet, "reactor"):
        del twisted.internet.reactor
    from twisted.internet import reactor

    make_monotonic(reactor)
    return reactor


def run(arguments: Sequence[str], link: socket.socket) -> int:
    """
    Run a node until the other end of the link is closed. It writes C{READY} there when it serves.

    @return: the exit code, if it ends otherwise.
    """
    options = Options()
    options.parseOptions(arguments)
    globalLogBeginner.beginLoggingTo([Console(sys.stderr)], redirectStandardIO=False)
    reactor = fresh_reactor()
    with one_line_errors():
        node = TestedNode(load_settings(options, os.environ), reactor)
        node.prepare()
        node.privilegedStartService()
        node.startService()
    link.setblocking(False)
    test = reactor.adoptStreamConnection(link.fileno(), socket.AF_UNIX, Factory.forProtocol(Test))
    node.started.addCallback(lambda _: test.write(b"READY\n"))
    node.started.addErrback(lambda failure: node.fail(reactor, failure.value or failure))
    reactor.run()
    return node.exit_code
