"""Nodes as containers run them: C{nacos-tw --container}, told everything by variables."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

from tests.system.nodes import RealNode, free_port, wait_for

KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR")


class ContainerNode(RealNode):
    """A process with these variables and no others of Nacos's. C{home} is what BASE_DIR names."""

    process: subprocess.Popen[bytes] | None = None

    def __init__(self, port: int = 0, home: str = "", host: str = "127.0.0.1", prefix: tuple[str, ...] = ()) -> None:
        """@param prefix: the beginning of the command that starts it."""
        home = home or tempfile.mkdtemp(prefix="nacos-tw-container-")
        super().__init__(home, port or free_port(), host, prefix)
        self.console = free_port()
        """Where its pages are: 8080 in a container, which has a network of its own."""

    def _command(self, *arguments: str) -> list[str]:
        python = os.path.join(os.environ.get("NACOS_TW_VENV", sys.prefix), "bin", "python")
        return [python, "-OO", "-I", "-m", "nacos_tw", *arguments]

    def _environment(self) -> dict[str, str]:
        environ = {name: os.environ[name] for name in KEPT if name in os.environ}
        ports = {"NACOS_APPLICATION_PORT": str(self.port), "NACOS_CONSOLE_PORT": str(self.console)}
        return environ | {"HOME": self.home, "BASE_DIR": self.home, **ports}

    def health(self, *arguments: str) -> int:
        """What HEALTHCHECK's command ends with."""
        command = self._command("health", "--container", *arguments)
        return subprocess.run(command, env=self._environment(), cwd="/", timeout=300).returncode

    def run(self, *arguments: str, **variables: str) -> None:
        """Start it; C{output} is what it says."""
        environ = {**self._environment(), **variables}
        with open(os.path.join(self.home, "output"), "ab") as output:
            self.process = subprocess.Popen(
                [*self.prefix, *self._command("--container", *arguments)], env=environ, cwd="/",
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip

    @property
    def said(self) -> str:
        """What it has written to standard output."""
        with open(os.path.join(self.home, "output"), encoding="utf-8") as file:
            return file.read()

    def wait_ready(self) -> None:
        """Until it is ready, and has said so."""

        def ready() -> bool:
            assert self.process is not None
            if self.process.poll() is not None:
                raise AssertionError(f"the node has ended: {self.said}")
            return self.ready() and "started successfully" in self.said

        wait_for(ready, 300, why=f"{self.address} to be ready")

    def end(self) -> int:
        """SIGTERM, as engines stop a container; its exit status."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(60)
