"""The process of a node for tests: C{python -m nacos_tw.testing.child}, which L{nacos_tw.testing.server} starts."""

from __future__ import annotations

import os
import sys

from nacos_tw import tls_on_demand

tls_on_demand.hide()  # before Twisted is loaded

# isort: split
from typing import Any

from twisted.internet.protocol import Protocol
from twisted.internet.stdio import StandardIO
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


class Parent(Protocol):
    """Whoever started this: when that is gone, so is the node."""

    def connectionLost(self, reason: Failure | None = None) -> None:
        """It is gone, or wants no more."""
        os._exit(0)  # there is nothing to save


def main(arguments: list[str]) -> int:
    """Run a node until standard input ends. It writes READY and its port when it serves."""
    options = Options()
    options.parseOptions(arguments)
    globalLogBeginner.beginLoggingTo([Console(sys.stderr)], redirectStandardIO=False)
    from twisted.internet import reactor

    core: Any = reactor
    make_monotonic(core)
    with one_line_errors():
        node = TestedNode(load_settings(options, os.environ), core)
        node.prepare()
        node.privilegedStartService()
        node.startService()

    def ready(_: Any) -> None:
        sys.stdout.write(f"READY {node.settings.port}\n")
        sys.stdout.flush()

    node.started.addCallback(ready).addErrback(lambda failure: node.fail(core, failure.value or failure))
    StandardIO(Parent())
    core.run()
    return node.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
