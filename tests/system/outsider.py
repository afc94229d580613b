"""Who connects to 7848 and is no member, and speaks the protocol."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl

from nacos_tw.raft.net.codec import Frame, Sealer, encode, pack, take_early
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
    @ivar sent: all that it sent.
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
        self.sent = bytearray()
        self._handshake = DialerHandshake(Introduction(claims), node.address, secret, os.urandom)
        self._buffer = bytearray()
        self.connection: socket.socket | None = None
        with contextlib.suppress(ConnectionError, ssl.SSLError, HandshakeError, EOFError):
            self.connection = dial(node, context, source)
            self._shake(self.connection)

    def _shake(self, connection: socket.socket) -> None:
        self.send(pack(self._handshake.start()))
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
                self.send(pack(answer))
        self.session = self._handshake.session
        self._sealer = Sealer(self.session.send_key)

    def send(self, data: bytes) -> None:
        """Send these bytes as they are."""
        assert self.connection is not None
        self.connection.sendall(data)
        self.sent += data

    def sealed(self, frame: Frame) -> bytes:
        """The bytes of the next frame of the link, as a member makes them."""
        return self._sealer.seal(encode(frame))

    def answered(self) -> bool:
        """Whether something came on the link since the last time."""
        assert self.connection is not None
        return bool(wait_readable([self.connection], 0.1)) and bool(self.connection.recv(65536))

    def wait_closed(self) -> None:
        """The node must close the link in time."""
        assert self.connection is not None
        receive(self.connection)

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
