"""The node as a test sees it: started, steered by HTTP, ended."""

from __future__ import annotations

import http.client
import json
import os
import random
import shutil
import socket
import tempfile
import time
from types import TracebackType
from typing import Any
from urllib.parse import urlencode

from nacos_tw.testing.starter import SAID, Started, starter

MEMORY = "/dev/shm"
"""Where files are in memory, on Linux."""
CONTROL = "/nacos/testing"
START = 60.0
"""Seconds that a start may take, on a machine that is busy."""


class NacosServer:
    """
    A node that stands alone. It is started by C{start} or by entering the block, and ends with it.

    @ivar host: where it listens; C{port}: of HTTP, gRPC is 1000 above it.
    """

    host = "127.0.0.1"

    def __init__(self, port: int = 0, **settings: str) -> None:
        """
        @param port: 0 for a free one.
        @param settings: keys of application.properties, with C{__} for dots and C{_} for dashes where need be, such as
            C{nacos__core__auth__enabled="true"}.
        """
        self.port = port
        self._settings = {name.replace("__", "."): value for name, value in settings.items()}
        self._home = ""
        self._node: Started | None = None

    # -- its life

    @staticmethod
    def prepare() -> None:
        """Begin to load what the first start in this process needs, beside whatever this process does meanwhile."""
        starter.begin()

    def start(self) -> NacosServer:
        """
        Start it, and wait until it serves.

        @raise RuntimeError: it does not, with what it said.
        """
        if self._node is not None:
            return self
        fixed = self.port
        for attempt in range(10):
            self.port = fixed or _free_port()
            said = self._launch()
            if said is None:
                return self
            self.stop()
            if fixed or "is taken" not in said or attempt == 9:
                raise RuntimeError(f"the node did not start: {said}")
        raise RuntimeError("no free ports")

    def _launch(self) -> str | None:
        """@return: why it does not run; None if it does."""
        place = MEMORY if os.access(MEMORY, os.W_OK) else None
        self._home = tempfile.mkdtemp(prefix="nacos-tw-testing-", dir=place)
        arguments = [f"--set={name}={value}" for name, value in self._settings.items()]
        self._node = starter.start(
            ["--home", self._home, "--mode", "standalone", "--port", str(self.port), "--ip", self.host, *arguments],
            self._home,
        )
        if self._node.link.recv(16):
            return None
        with open(os.path.join(self._home, SAID), encoding="utf-8", errors="replace") as file:
            return file.read().strip() or "it has ended"

    def stop(self) -> None:
        """End it; nothing is left behind."""
        node, self._node = self._node, None
        if node is not None:
            starter.end(node)
        shutil.rmtree(self._home, ignore_errors=True)

    def __enter__(self) -> NacosServer:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    # -- where it is

    @property
    def address(self) -> str:
        """C{host:port}, as clients take it for their server list."""
        return f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """Of the API, with the context path."""
        return f"http://{self.address}/nacos"

    # -- what it is told

    def reset(self) -> None:
        """Nothing is registered or published any more, no namespace is there, and no failure is to come. Clients that
        are connected stay so, and may publish again what they had."""
        self._ask("POST", "/reset")

    def fail_next(self, count: int = 1, status: int = 503, match: str = "") -> None:
        """
        Answer the next requests with an error, without doing them.

        @param status: of HTTP; for gRPC it is the error code.
        @param match: only those whose path begins so (C{/v1/ns/instance}), or whose type is this (C{InstanceRequest}).
            "" for all, of HTTP and gRPC, but health checks.
        """
        self._ask("POST", "/fail", count=count, status=status, match=match)

    @property
    def failures_left(self) -> int:
        """How many of them are still to come."""
        return int(self._ask("GET", "/fail")["left"])

    def wait_for_listener(
        self, data_id: str, group: str = "DEFAULT_GROUP", namespace: str = "", timeout: float = 30.0, count: int = 1
    ) -> None:
        """
        Wait until clients listen to a config, by long polls or gRPC.

        @raise TimeoutError: not so many do.
        """
        self._wait(timeout, count, "/listeners", dataId=data_id, group=group, namespace=namespace)

    def wait_for_subscriber(
        self,
        service: str,
        group: str = "DEFAULT_GROUP",
        namespace: str = "public",
        timeout: float = 30.0,
        count: int = 1,
    ) -> None:
        """
        Wait until clients are told of changes of a service, by UDP or gRPC.

        @raise TimeoutError: not so many are.
        """
        self._wait(timeout, count, "/subscribers", service=service, group=group, namespace=namespace)

    def _wait(self, timeout: float, count: int, path: str, **asked: str) -> None:
        end = time.monotonic() + timeout
        while True:
            found = int(self._ask("GET", path, **asked)["count"])
            if found >= count:
                return
            if time.monotonic() > end:
                raise TimeoutError(f"{found} of {count} after {timeout} s: {asked}")
            time.sleep(0.02)

    def _ask(self, method: str, path: str, **asked: Any) -> Any:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=START)
        try:
            connection.request(method, f"{CONTROL}{path}?{urlencode(asked)}")
            answer = connection.getresponse()
            data = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {data[:300]!r}")
        return json.loads(data)


def _free_port() -> int:
    """One that is free, as is that of gRPC. It is below those that outgoing connections take."""
    for _ in range(200):
        port = random.randrange(13_000, 31_000)
        with socket.socket() as first, socket.socket() as second:
            try:
                first.bind((NacosServer.host, port))
                second.bind((NacosServer.host, port + 1000))
            except OSError:
                continue
            return port
    raise RuntimeError("no free ports")
