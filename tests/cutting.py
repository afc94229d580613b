"""A way to a database that breaks just when the database has committed a change, and that can be mended."""

from __future__ import annotations

import contextlib
import socket
import threading

COMMIT = b"\x03COMMIT"
"""MySQL's command packet, without its header of four bytes."""
POSTGRES_COMMIT = b"Q\0\0\0\x0bCOMMIT\0"
"""PostgreSQL's message of a simple query."""
CHANGE = b"INTO his_config_info"
"""Each change of a config writes a row of its history."""


class Cutting:
    """
    Passes connections on to a port of this machine.

    @ivar port: where it listens.
    @ivar armed: whether the next change of a config is the last that passes: its commit is answered, then all
        connections are cut, and new ones are closed at once.
    @ivar is_cut: set when that has happened, until it is mended.
    @ivar holding: C{answer} or C{commit}: in place of that, the answer to that commit, or the commit itself, does not
        pass, and the connection stands still.
    @ivar held: set when that has happened.
    """

    def __init__(self, target: int, commit: bytes = COMMIT, host: str = "127.0.0.1") -> None:
        """
        @param commit: how the database is told to.
        @param host: the address of this machine that C{target} is at.
        """
        self._target = host, target
        self._commit = commit
        self.armed = False
        self._closed = False
        self.is_cut = threading.Event()
        self.holding = ""
        self.held = threading.Event()
        self._last_of: socket.socket | None = None
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Cut all connections, and let none pass."""
        with self._lock:
            self._closed = True
            for end in self._open:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
        self.is_cut.set()

    def mend(self) -> None:
        """Connections pass again."""
        self.is_cut.clear()
        with self._lock:
            self._closed = False

    def close(self) -> None:
        """The end."""
        self.cut()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError), socket.create_connection(self._target) as server:
            with self._lock:
                if self._closed:
                    return
                self._open |= {client, server}
            try:
                back = threading.Thread(target=self._answers, args=(server, client), daemon=True)
                back.start()
                self._questions(client, server)
                server.shutdown(socket.SHUT_RDWR)
                back.join()
            finally:
                with self._lock:
                    self._open -= {client, server}

    def _questions(self, client: socket.socket, server: socket.socket) -> None:
        changes = False
        while (data := client.recv(65536)) and not self._closed:
            changes = changes or CHANGE in data
            if self._commit in data:
                if changes and self.armed:
                    self.armed = False
                    if self.holding == "commit":
                        self.held.set()
                        continue
                    self._last_of = server
                changes = False
            server.sendall(data)

    def _answers(self, server: socket.socket, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                last = server is self._last_of
                if last and self.holding:
                    self._last_of = None
                    self.held.set()
                    continue
                if last:
                    self._closed = True  # before the answer, so that nobody can ask after it
                client.sendall(data)
                if last:
                    self._last_of = None
                    self.cut()
            client.shutdown(socket.SHUT_RDWR)
