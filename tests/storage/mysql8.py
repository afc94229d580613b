"""
How a server of MySQL 8 lets clients in: C{caching_sha2_password}, with and without TLS, at the level of its protocol.

Debian has MariaDB alone, which knows no such login. What comes after the login is answered with OK, whatever it is.
"""

from __future__ import annotations

import hashlib
import os
import socket
import ssl
import struct
import threading
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

PLUGIN = b"caching_sha2_password"
_CAPABILITIES = 0x1 | 0x2 | 0x4 | 0x8 | 0x200 | 0x2000 | 0x8000 | 0x10000 | 0x20000 | 0x80000 | 0x100000 | 0x200000
_SSL = 0x800
_OK = b"\0\0\0\2\0\0\0"
_DENIED = b"\xff" + struct.pack("<H", 1045) + b"#28000Access denied for user 'hidden'"


class Server:
    """
    One that listens, with one user.

    @ivar seen: each login: how the password came, "fast", "rsa" or "tls", and whether it was right.
    @ivar plain: all bytes that were not encrypted by TLS.
    """

    def __init__(self, user: str, password: str, context: ssl.SSLContext | None = None) -> None:
        self.user, self.password = user.encode(), password.encode()
        self.context = context
        self.seen: list[tuple[str, bool]] = []
        self.plain = b""
        self._cached = False
        self._key = rsa.generate_private_key(65537, 2048)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def forget(self) -> None:
        """As a restart does: nobody has logged in yet."""
        self._cached = False

    def close(self) -> None:
        """Listen no more."""
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                accepted, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(_Wire(accepted, self),), daemon=True).start()

    def _talk(self, wire: _Wire) -> None:
        try:
            if self._let_in(wire):
                while wire.read():
                    wire.sequence = 1
                    wire.write(_OK)
        except (OSError, EOFError, ValueError):
            pass
        finally:
            wire.socket.close()

    def _let_in(self, wire: _Wire) -> bool:
        salt = bytes(byte % 126 + 1 for byte in os.urandom(20))
        able = _CAPABILITIES | (_SSL if self.context else 0)
        head = b"\x0a8.0.36\0" + struct.pack("<I", 7) + salt[:8] + b"\0"
        middle = struct.pack("<HBHHB", able & 0xFFFF, 255, 2, able >> 16, 21) + b"\0" * 10
        wire.write(head + middle + salt[8:] + b"\0" + PLUGIN + b"\0")
        answer = wire.read()
        encrypted = bool(self.context) and len(answer) == 32
        if encrypted:
            assert self.context is not None
            wire.encrypt(self.context)
            answer = wire.read()
        user, _, rest = answer[32:].partition(b"\0")
        given = rest[1 : 1 + rest[0]]
        expected = _scramble(self.password, salt)
        if self._cached and user == self.user and given == expected:
            self.seen.append(("fast", True))
            wire.write(b"\x01\x03")
            wire.write(_OK)
            return True
        wire.write(b"\x01\x04")
        how, password = self._whole(wire, salt, encrypted)
        right = user == self.user and password == self.password
        self.seen.append((how, right))
        self._cached = self._cached or right
        wire.write(_OK if right else _DENIED)
        return right

    def _whole(self, wire: _Wire, salt: bytes, encrypted: bool) -> tuple[str, bytes]:
        """The password, by TLS or by RSA."""
        if encrypted:
            return "tls", wire.read().rstrip(b"\0")
        if wire.read() != b"\x02":
            raise ValueError("expected to be asked for the key")
        public = self._key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        wire.write(b"\x01" + public)
        oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)  # noqa: S303 - as MySQL does
        mixed = self._key.decrypt(wire.read(), oaep)
        return "rsa", bytes(byte ^ salt[place % 20] for place, byte in enumerate(mixed)).rstrip(b"\0")


def _scramble(password: bytes, salt: bytes) -> bytes:
    first = hashlib.sha256(password).digest()
    second = hashlib.sha256(hashlib.sha256(first).digest() + salt).digest()
    return bytes(one ^ other for one, other in zip(first, second, strict=True))


class _Wire:
    """Packets of MySQL on a socket."""

    def __init__(self, accepted: socket.socket, server: Server) -> None:
        self.socket: Any = accepted
        self.sequence = 0
        self._server = server
        self._encrypted = False

    def encrypt(self, context: ssl.SSLContext) -> None:
        """Speak TLS from here on."""
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self._encrypted = True

    def read(self) -> bytes:
        """A packet. @raise EOFError: the client is gone."""
        head = self._exactly(4)
        self.sequence = head[3] + 1
        return self._exactly(int.from_bytes(head[:3], "little"))

    def write(self, payload: bytes) -> None:
        """A packet."""
        self.socket.sendall(len(payload).to_bytes(3, "little") + bytes([self.sequence]) + payload)
        self.sequence += 1

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            part = self.socket.recv(size - len(data))
            if not part:
                raise EOFError
            data += part
        if not self._encrypted:
            self._server.plain += data
        return data
