"""Threads that write to real nodes and remember what was acknowledged."""

from __future__ import annotations

import http.client
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import urlencode

from tests.system.nodes import NAMING, RealNode

PATIENT = json.dumps({"preserved.heart.beat.timeout": "3600000", "preserved.ip.delete.timeout": "3600000"})
"""Metadata of instances that go on without beats, however long a test takes."""


class Writer:
    """
    Registers one instance after the other in a service of its own, on a connection that is kept. None of them beats,
    and none has to while a test runs.

    @ivar acknowledged: the ips whose registration was answered with C{ok}.
    @ivar failures: what the other requests got.
    @ivar longest: the longest time between two acknowledgements, in seconds.
    """

    def __init__(self, node: Callable[[], RealNode], service: str, **more: str) -> None:
        """
        @param node: whom to ask, called before each request.
        """
        self.service = service
        self.acknowledged: list[str] = []
        self.failures: list[str] = []
        self.longest = 0.0
        self.error: BaseException | None = None
        self._node = node
        self._more = more
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the current request; what the thread raised is raised here."""
        self._end.set()
        self._thread.join(30)
        if self.error is not None:
            raise self.error

    def _run(self) -> None:
        last = time.monotonic()
        connection: http.client.HTTPConnection | None = None
        asked: RealNode | None = None
        try:
            for number in itertools.count():
                if self._end.is_set():
                    return
                node = self._node()
                if connection is None or node is not asked:
                    asked, connection = node, node.connection()
                ip = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
                params = {"serviceName": self.service, "ip": ip, "port": 80, "metadata": PATIENT, **self._more}
                try:
                    connection.request("POST", f"{NAMING}/instance?{urlencode(params)}")
                    answer = connection.getresponse()
                    text = answer.read().decode()
                except (OSError, http.client.HTTPException) as error:
                    self.failures.append(repr(error))
                    connection = None
                    self._end.wait(0.02)
                    continue
                if (answer.status, text) != (200, "ok"):
                    self.failures.append(f"{answer.status} {text}")
                    self._end.wait(0.02)
                    continue
                self.acknowledged.append(ip)
                now = time.monotonic()
                self.longest = max(self.longest, now - last)
                last = now
                self._end.wait(0.002)
        except BaseException as error:
            self.error = error


@contextmanager
def writing(nodes: Sequence[RealNode], **more: str) -> Iterator[list[Writer]]:
    """One writer at each node while the block runs."""
    writers = [Writer(lambda node=node: node, f"w{number}", **more) for number, node in enumerate(nodes)]  # type: ignore[misc]
    try:
        yield writers
    finally:
        for writer in writers:
            writer.stop()
