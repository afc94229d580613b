"""A lock that is held while a command runs."""

from __future__ import annotations

import os
import secrets
import subprocess
import threading
import time
from collections.abc import Sequence

from nacos_tw.ctl.client import Client
from nacos_tw.ctl.failures import Busy, Failure
from nacos_tw.ctl.server import Server

PATH = "/v3/admin/core/lock"
AGAIN = 0.5
"""Seconds between two looks at whether it is our turn; a place in the queue is kept ten times as long."""
NUMBER = "NACOSCTL_LOCK_NUMBER"
"""The variable by which a command hears the number of the grant."""


class HeldLock:
    """
    @ivar number: of the grant: each one's is higher than all before, so what the lock guards can refuse older ones.
    @ivar lost: set when it is not ours any more.
    """

    def __init__(self, server: Server, name: str, ttl: float) -> None:
        """@param ttl: seconds after which it is free when nothing is heard of us."""
        self.number = 0
        self.lost = threading.Event()
        self._server = server
        self._client: Client = server.client
        self._ttl = ttl
        self._named = {"session": secrets.token_hex(16), "lockName": name}
        self._ended = threading.Event()
        self._keeper = threading.Thread(target=self._keep, daemon=True)

    def acquire(self, limit: float | None) -> None:
        """
        Wait for it.

        @param limit: seconds; None: for ever.
        @raise Busy: somebody else has it for longer than that.
        """
        end = None if limit is None else time.monotonic() + limit
        times = {"ttlMillis": int(self._ttl * 1000), "waitMillis": 0 if limit == 0 else int(AGAIN * 10_000)}
        while True:
            found = self._server.own("locks over HTTP", "POST", PATH, form={**self._named, **times})
            if found["granted"]:
                self.number = found["fencingNumber"]
                self._keeper.start()
                return
            if end is not None and time.monotonic() >= end:
                self.release()
                raise Busy(f"lock {self._named['lockName']}: somebody else has it")
            time.sleep(AGAIN)

    def _keep(self) -> None:
        """Renew it three times in its life; it is lost when that is refused, or when its time is over without."""
        until = time.monotonic() + self._ttl
        while not self._ended.wait(self._ttl / 3):
            began = time.monotonic()
            try:
                form = {**self._named, "ttlMillis": int(self._ttl * 1000)}
                granted = self._client.data("PUT", PATH, form=form, timeout=self._ttl / 3)["granted"]
            except Failure:
                if time.monotonic() < until - self._ttl / 3:
                    continue
                granted = False
            if not granted:
                self.lost.set()
                return
            until = began + self._ttl

    def release(self) -> None:
        """Give it back. What fails here ends with its time."""
        self._ended.set()
        if self._keeper.is_alive():
            self._keeper.join()
        try:
            self._client.call("DELETE", PATH, self._named)
        except Failure:
            pass

    def run(self, command: Sequence[str]) -> int:
        """
        Run a command while it is held.

        @return: the command's exit status; 128 and the signal for one that was ended by it.
        @raise Busy: the lock was lost; the command was told to end.
        """
        try:
            process = subprocess.Popen(command, env={**os.environ, NUMBER: str(self.number)})
        except OSError as error:
            raise Failure(f"{command[0]}: {error.strerror}") from None
        while True:
            try:
                status = process.wait(0.1)
            except subprocess.TimeoutExpired:
                if self.lost.is_set():
                    process.terminate()
                    process.wait()
                    raise Busy(f"lock {self._named['lockName']}: it was lost, and the command was ended") from None
                continue
            except KeyboardInterrupt:  # the command has heard it, too
                continue
            return status if status >= 0 else 128 - status
