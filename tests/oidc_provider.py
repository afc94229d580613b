"""A real OpenID Connect provider for tests: oidc-provider-mock, a process on a port of its own, ended at exit."""

from __future__ import annotations

import atexit
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.request import urlopen

from tests.ports import free_port

ADMIN = {"sub": "ann", "preferred_username": "ann", "roles": ["nacos-admin"]}
READER = {"sub": "rob", "preferred_username": "rob", "roles": ["readers"]}


class ProviderProcess:
    """A program that is a provider. @ivar issuer: where it is."""

    def __init__(self, port: int, command: Sequence[str]) -> None:
        self.port = port
        self.issuer = f"http://127.0.0.1:{port}"
        self.log = tempfile.TemporaryFile()  # noqa: SIM115 (as long as the process)
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def answers(self) -> bool:
        """Whether it can be asked."""
        try:
            urlopen(self.issuer + "/.well-known/openid-configuration", timeout=30).close()
        except OSError:
            return False
        return True

    @property
    def said(self) -> str:
        """What it wrote."""
        self.log.seek(0)
        return self.log.read().decode("utf-8", "replace")

    def stop(self) -> None:
        """End it."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Provider(ProviderProcess):
    """One, which knows some users and any client."""

    def __init__(self, *users: Mapping[str, Any]) -> None:
        """@param users: their claims."""
        port = free_port()
        # Not -I, which would leave PYTHONWARNINGS unread: its libraries deprecate each other.
        command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)]
        for user in users:
            command += ["--user-claims", json.dumps(user)]
        super().__init__(port, command)
        atexit.register(self.stop)
        self._wait()

    def _wait(self) -> None:
        end = time.monotonic() + 300
        while time.monotonic() < end and self.process.poll() is None:
            if self.answers():
                return
            time.sleep(0.1)
        raise AssertionError(f"the provider does not answer: {self.said}")


if __name__ == "__main__":
    # For the console's tests, which end it.
    provider = Provider(ADMIN, READER)
    print(provider.issuer, flush=True)
    sys.stdin.read()
