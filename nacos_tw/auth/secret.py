"""
The key that signs tokens if the operator set none: random, the same on all nodes, kept on disk.

It is part of the replicated state: each node proposes a key, and the first one that is applied stays for good. The file
lets a node verify tokens right after its start, before it is connected to the others.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from nacos_tw.auth.privatefile import PrivateFile
from nacos_tw.errors import NacosError
from nacos_tw.interfaces import IFrozen, IProposer, Pieces

NAME = b"k"
"""The machine's name in the log, see L{nacos_tw.raft.sessions.Machines}."""
BYTES = 32
AGAIN = 0.25
"""Seconds between two tries to agree with the others."""


class SecretMachine:
    """
    An L{IStateMachine<nacos_tw.interfaces.IStateMachine>} that holds the key.

    @ivar key: b"" until there is one.
    @ivar on_key: called when there is.
    """

    part = "tokens' key"

    def __init__(self) -> None:
        self.key = b""
        self.on_key: Callable[[bytes], None] = lambda key: None

    def apply(self, command: bytes) -> Any:
        """Take the key that is proposed, if it is the first."""
        if len(command) < 32:
            return NacosError("a key of tokens is too short")
        if not self.key:
            self.key = command
            self.on_key(command)
        return None

    def freeze(self) -> IFrozen:
        """See L{IHashed.freeze<nacos_tw.interfaces.IHashed.freeze>}."""
        return Pieces([self.key])

    def snapshot(self) -> bytes:
        """The key."""
        return self.key

    def restore(self, data: bytes) -> None:
        """The key of another node, or of this one's snapshot."""
        self.key = data
        if data:
            self.on_key(data)


class SecretFile:
    """The key on this node's disk, for its owner alone."""

    def __init__(self, path: str) -> None:
        self._file = PrivateFile(path)

    def read(self) -> bytes:
        """The key; b"" if there is none."""
        key = self._file.read(1024) or b""
        return key if len(key) >= 32 else b""

    def write(self, key: bytes) -> None:
        """Keep it."""
        self._file.write(key)


class SharedSecret(Service):
    """
    Sees to it that this node has the cluster's key.

    @param use: called with each key that is to sign from now on.
    """

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        machine: SecretMachine,
        proposer: IProposer,
        file: SecretFile,
        use: Callable[[bytes], None],
    ) -> None:
        self._clock = clock
        self._machine = machine
        self._proposer = proposer
        self._file = file
        self._use = use
        self._used = b""
        self._timer: IDelayedCall | None = None
        self._proposing: Deferred[Any] | None = None

    def startService(self) -> None:
        """Use the key on disk; agree on one."""
        super().startService()
        self._used = self._file.read()
        if self._used:
            self._use(self._used)
        self._machine.on_key = self._agreed
        if self._machine.key:
            self._agreed(self._machine.key)
        self._try()

    def stopService(self) -> None:
        """Nothing more."""
        super().stopService()
        self._machine.on_key = lambda key: None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _agreed(self, key: bytes) -> None:
        if key != self._used:
            self._used = key
            self._file.write(key)
            self._use(key)

    def _try(self) -> None:
        self._timer = None
        if self._machine.key or not self.running:
            return
        if self._proposer.available and self._proposing is None:
            key = self._used or secrets.token_bytes(BYTES)
            self._proposing = maybeDeferred(self._proposer.propose, NAME + key)
            self._proposing.addErrback(self._not_agreed).addCallback(self._proposed)
        else:
            self._timer = self._clock.callLater(AGAIN, self._try)

    def _not_agreed(self, failure: Failure) -> None:
        if not failure.check(NacosError):
            self.log.failure("the key of tokens could not be proposed", failure)
        self.log.info("the key of tokens is not agreed on yet: {why}", why=failure.getErrorMessage())

    def _proposed(self, _: Any) -> None:
        self._proposing = None
        if not self._machine.key and self.running and self._timer is None:
            self._timer = self._clock.callLater(AGAIN, self._try)
