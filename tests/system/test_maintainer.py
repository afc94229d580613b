"""Nacos's own maintainer client of 3.x, for Java, against a node that asks for logins: what operators do, over v3."""

from __future__ import annotations

import os

from tests.system.clients import ClientCase, need
from tests.system.nodes import RealCluster

VERSION = "3.1.0"
LOGINS = "nacos.core.auth.enabled=true\nnacos.core.auth.admin.password=first\n"
STAGES = (
    "state", "probes", "namespaces", "members", "instances", "clients", "metrics", "removal", "services", "configs",
    "listeners", "removed",
)  # fmt: skip


class MaintainerTests(ClientCase):
    """
    The program in C{tests/clients/maintainer}. This client reads the lists of clients and of checkers without the
    wrapper that they come in, so it is not asked for those.
    """

    def test_all(self) -> None:
        """Each stage."""
        need("java", "mvn")
        self.copy("maintainer")
        fetched = os.path.join(self.folder, "fetched")
        self.fetch(
            "mvn",
            "-q",
            "-B",
            "dependency:copy-dependencies",
            f"-DoutputDirectory={fetched}",
            f"-Dnacos.version={VERSION}",
        )
        started = RealCluster(1, LOGINS)
        self.addCleanup(started.close)
        started.start()
        home = os.path.join(self.folder, "home")
        address = f"127.0.0.1:{started.nodes[0].port}"
        program = ("java", f"-Duser.home={home}", "-cp", f"{fetched}/*", "MaintainerTrial.java", address, "first")
        self.passes(program, STAGES)
