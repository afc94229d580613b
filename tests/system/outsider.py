"""Who connects to 7848 and is no member: a client that speaks the protocol, and a man in the middle."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import struct
import threading
from collections.abc import Callable

from nacos_tw.raft.net.codec import pack, take_early
from nacos_tw.raft.net.handshake import DialerHandshake, HandshakeError, Introduction, Session
from tests.system.nodes import RealNode
from tests.waiting import wait_readable

TIMEOUT = 60.0
"""Seconds after which a node must have closed a connection that it does not want: its handshakes end after 5."""


def raft_port(node: RealNode) -> int:
    """Of a node whose cluster.conf does not say otherwise."""
    return node.port - 1000


def dial(node: RealNode, context: ssl.SSLContext | None = None, source: str = "") -> socket.socket:
    """A connection to a node's 7848, from that address or its own."""
    place = (node.host, raft_port(node))
    connection = socket.create_connection(place, TIMEOUT, source_address=(source or node.host, 0))
    return connection if context is None else context.wrap_socket(connection)


def receive(connection: socket.socket) -> bytes:
    """All that comes until the node closes the connection; it must do so in time."""
    found = b""
    with contextlib.suppress(ConnectionError, ssl.SSLError, BrokenPipeError):
        while data := connection.recv(65536):
            found += data
    return found


class Outsider:
    """
    Dials a node, says it is a member and goes as far as it gets.

    @ivar session: set if the node took it for that member.
    """

    def __init__(
        self,
        node: RealNode,
        claims: str,
        secret: bytes = b"",
        context: ssl.SSLContext | None = None,
        source: str = "",
    ) -> None:
        """
        @param claims: the name that it uses.
        """
        self.session: Session | None = None
        self._handshake = DialerHandshake(Introduction(claims), node.address, secret, os.urandom)
        self._buffer = bytearray()
        self.connection: socket.socket | None = None
        with contextlib.suppress(ConnectionError, ssl.SSLError, HandshakeError, EOFError):
            self.connection = dial(node, context, source)
            self._shake(self.connection)

    def _shake(self, connection: socket.socket) -> None:
        connection.sendall(pack(self._handshake.start()))
        while self._handshake.session is None:
            payload = take_early(self._buffer)
            if payload is None:
                data = connection.recv(4096)
                if not data:
                    raise EOFError
                self._buffer += data
                continue
            answer = self._handshake.receive(payload)
            if answer is not None:
                connection.sendall(pack(answer))
        self.session = self._handshake.session

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()


class Middle:
    """
    Stands between a node and another's 7848, and passes on what comes.

    @ivar change: called with each frame (its bytes with the length, and its number on the connection) from the dialing
        side; gives what is passed on in its place.
    @ivar heard: all that the dialing side sent, one entry a connection.
    """

    def __init__(self, host: str, port: int) -> None:
        """
        @param port: where the real node listens.
        """
        self.change: Callable[[bytes, int], bytes] = lambda frame, number: frame
        self.heard: list[bytearray] = []
        self._target = (host, port)
        self._listener = socket.create_server((host, 0))
        self.port: int = self._listener.getsockname()[1]
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        """End all connections."""
        self._end.set()
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while not self._end.is_set():
            with contextlib.suppress(OSError):
                if not wait_readable([self._listener], 0.1):
                    continue
                near, _ = self._listener.accept()
                thread = threading.Thread(target=self._serve, args=(near,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, near: socket.socket) -> None:
        heard = bytearray()
        self.heard.append(heard)
        with contextlib.suppress(OSError, ValueError), near, socket.create_connection(self._target, 5) as far:
            pending, number = bytearray(), 0
            while not self._end.is_set():
                for source in wait_readable([near, far], 0.1):
                    data = source.recv(65536)
                    if not data:
                        return
                    if source is far:
                        near.sendall(data)
                        continue
                    heard += data
                    pending += data
                    while frame := _take(pending):
                        far.sendall(self.change(frame, number))
                        number += 1


def _take(buffer: bytearray) -> bytes:
    """The next whole frame off the buffer, with its length; b"" if there is none."""
    if len(buffer) < 4:
        return b""
    end = 4 + int(struct.unpack_from(">I", buffer)[0])
    if len(buffer) < end:
        return b""
    frame = bytes(buffer[:end])
    del buffer[:end]
    return frame
