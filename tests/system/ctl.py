"""nacosctl against real nodes: run in this process, but as its own command line."""

from __future__ import annotations

import json
from typing import Any

import attrs
from click.testing import CliRunner
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.ctl.main import root
from tests.system.nodes import RealNode
from tests.system.shared import shared

LOGINS = "nacos.core.auth.enabled=true\nnacos.core.auth.admin.password=first\n"
"""A node with these asks for logins and has a user nacos."""


@attrs.frozen
class Said:
    """What a call gave: its exit status, C{out}: what programs read, C{err}: what people are told."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def ctl(addr: str, *arguments: str, input: str | None = None, **environ: str) -> Said:
    """Call nacosctl."""
    none = dict.fromkeys(("NACOS_ADDR", "NACOS_USERNAME", "NACOS_PASSWORD", "NACOS_NAMESPACE", "NACOS_TOKEN"))
    given = {**none, "NACOSCTL_CONFIG": "/nonexistent/nacosctl.yaml", **environ}
    done = CliRunner(env=given).invoke(root, ["--timeout", "30", "--addr", addr, *arguments], input=input)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Said(done.exit_code, done.stdout, done.stderr)


class CtlCase(SynchronousTestCase):
    """One node for all tests; names of configs and services are the test's own."""

    node: RealNode
    properties = ""

    def setUp(self) -> None:
        self.node = shared(1, self.properties).nodes[0]
        self.name = self.id().rpartition(".")[2]

    def ctl(self, *arguments: str, status: int = 0, input: str | None = None, **environ: str) -> Said:
        """Call nacosctl; it must end with that status."""
        said = ctl(self.node.address, *arguments, input=input, **environ)
        self.assertEqual(said.status, status, said)
        return said

    def rows(self, *arguments: str) -> Any:
        """What it shows, as values."""
        return self.ctl("-o", "json", *arguments).json
