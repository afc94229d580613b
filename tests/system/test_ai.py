"""The AI registries, by the clients that other people wrote."""

from __future__ import annotations

import sys

from tests.system.clients import ClientCase
from tests.system.nodes import RealCluster

PYTHON = "3.2.0"
STAGES = "mcp", "direct", "agents", "prompts", "skills"


class AiClientTests(ClientCase):
    """Against a node that stands alone."""

    def test_python(self) -> None:
        """Nacos's own client: every method of its service for AI."""
        packages = self.python(PYTHON)
        started = RealCluster(1)
        self.addCleanup(started.close)
        started.start()
        self.copy("python_ai")
        address = f"127.0.0.1:{started.nodes[0].port}"
        self.passes([sys.executable, "trial.py", address, self.folder], STAGES, PYTHONPATH=packages)
