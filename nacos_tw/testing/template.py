"""
The process from which nodes for tests are forked: C{python -m nacos_tw.testing.template}.

Nearly all that a start of a node takes is the loading of its modules. This process loads them once; a node is a fork of
it, which serves some hundredths of a second later. It does what L{nacos_tw.testing.starter} asks over sockets, one line
of JSON for each request and each answer:

  - C{{"start": [arguments], "home": ..., "environ": {...}, "folder": ...}}, with a descriptor that becomes the node's
    link to the test; answered with C{{"pid": ...}}.
  - C{{"end": pid}}: end that node; answered with C{{}} when it is gone.

The nodes that were started over a socket end with it.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import os
import selectors
import signal
import socket
import sys
import traceback
from typing import Any

from nacos_tw.testing.lasting_template import listening
from nacos_tw.testing.starter import SAID

LARGEST = 1 << 20
"""Bytes of a request."""


class Asker:
    """A test process. C{nodes}: the ids of the processes that it has started."""

    def __init__(self, link: socket.socket) -> None:
        self.link = link
        self.nodes: set[int] = set()
        self._data = b""
        self._handed: list[int] = []

    def received(self) -> tuple[dict[str, Any], int | None] | None:
        """
        The next request and the descriptor that came with it; None if it is not whole yet.

        @raise EOFError: nobody asks any more.
        """
        try:
            data, handed, _, _ = socket.recv_fds(self.link, LARGEST, 4)
        except OSError:
            data, handed = b"", []
        if not data:
            raise EOFError
        self._data += data
        self._handed += handed
        if not self._data.endswith(b"\n"):
            return None
        asked = json.loads(self._data)
        self._data = b""
        return asked, self._handed.pop() if self._handed else None

    def answer(self, **said: Any) -> None:
        """Tell it; if it is gone, the next look at its socket shows that."""
        with contextlib.suppress(OSError):
            self.link.sendall(json.dumps(said).encode() + b"\n")

    def end(self, node: int) -> None:
        """End one of its nodes."""
        if node in self.nodes:
            self.nodes.discard(node)
            os.kill(node, signal.SIGKILL)  # there is nothing to save
            os.waitpid(node, 0)


class Template:
    """Forks nodes."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._askers: dict[socket.socket, Asker] = {}
        self._listening: socket.socket | None = None
        self._lock = -1

    def listen(self, listening: socket.socket, lock: int) -> None:
        """Take test processes from there, too. @param lock: a descriptor that no node may keep."""
        self._listening, self._lock = listening, lock
        self._selector.register(listening, selectors.EVENT_READ)

    def serve(self, link: socket.socket) -> None:
        """Do what is asked there."""
        self._askers[link] = Asker(link)
        self._selector.register(link, selectors.EVENT_READ)

    def run(self, stay: float = 0.0) -> None:
        """@param stay: seconds after which it ends while nobody is there, if it listens; else it ends at once."""
        while self._askers or self._listening is not None:
            found = self._selector.select(None if self._askers else stay)
            if not found and not self._askers:
                return
            for key, _ in found:
                if key.fileobj is self._listening:
                    link = self._listening.accept()[0]
                    self.serve(link)
                    self._askers[link].answer()  # the greeting
                else:
                    self._asked(self._askers[key.fileobj])  # type: ignore[index]

    def _asked(self, asker: Asker) -> None:
        try:
            request = asker.received()
        except EOFError:
            self._selector.unregister(asker.link)
            del self._askers[asker.link]
            asker.link.close()
            for node in list(asker.nodes):
                asker.end(node)
            return
        if request is None:
            return
        asked, link = request
        if "end" in asked:
            asker.end(asked["end"])
            asker.answer()
        elif link is not None:
            node = os.fork()
            if not node:
                self._be_a_node(asked, link)
            asker.nodes.add(node)
            os.close(link)
            asker.answer(pid=node)

    def _be_a_node(self, asked: dict[str, Any], link: int) -> None:
        """In the fork. It does not come back."""
        code: Any = 1
        try:
            for each in (*self._askers, self._listening):
                if each is not None:
                    each.close()
            self._selector.close()
            if self._lock >= 0:
                os.close(self._lock)
            said = os.open(os.path.join(asked["home"], SAID), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            for number in (1, 2):
                os.dup2(said, number)
            os.close(said)
            os.environ.clear()
            os.environ.update(asked["environ"])
            os.chdir(asked["folder"])
            from nacos_tw.testing.child import run

            test = socket.socket(fileno=link)  # open until the end, behind what is said of it
            code = run(asked["start"], test)
        except SystemExit as error:
            code = error.code
        except BaseException:
            traceback.print_exc()
        finally:
            if isinstance(code, str):
                sys.stderr.write(f"{code}\n")
                code = 1
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code or 0)


def main(arguments: list[str]) -> int:
    """Load all, and serve whoever asks."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--link", type=int, help="the number of a socket")
    parser.add_argument("--listen", metavar="PATH", help="of a socket that test processes connect to")
    parser.add_argument("--stay", type=float, default=0.0, help="seconds")
    given = parser.parse_args(arguments)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal; tests end their nodes themselves
    template = Template()
    if given.listen is None:
        template.serve(socket.socket(fileno=given.link))
    else:
        found = listening(given.listen)
        if found is None:
            return 0
        template.listen(*found)
    gc.disable()  # nothing of what is loaded goes away again
    from nacos_tw.testing import child

    del child
    gc.enable()
    gc.collect()
    gc.freeze()  # what is loaded stays, and is shared with the forks
    template.run(given.stay)
    if given.listen is not None:
        os.unlink(given.listen)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
