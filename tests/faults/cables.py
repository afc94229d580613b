"""
Cables that lose and delay what goes along them: this process carries each frame between two network devices that it
makes. (The kernel's own way, netem, is not in every kernel.)

Run as C{python cables.py NAME...}: for each name it makes the devices C{NAME-i} and C{NAME-o}, says
C{ready}, and takes lines C{number loss delay jitter} from its standard input, each answered by C{done}: the place of
the cable among the names, the part of the frames that is lost, and seconds. The devices are gone when it ends.
"""

from __future__ import annotations

import fcntl
import heapq
import os
import random
import selectors
import struct
import subprocess
import sys
import time

SET_INTERFACE = 0x400454CA
TAP, NO_PACKET_INFORMATION = 0x0002, 0x1000
FRAME = 65536
AT_ONCE = 64
"""Frames that are carried before other devices are looked at."""
WAITING = 20_000
"""Frames under way in one direction; more are lost, as at any full queue."""


def device(name: str) -> int:
    """
    A new network device; what is sent to it is read from the descriptor, and the other way round.

    @raise OSError: this user may not, or the system has none.
    """
    found = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(found, SET_INTERFACE, struct.pack("16sH22x", name.encode(), TAP | NO_PACKET_INFORMATION))
    return found


class Way:
    """One direction of a cable."""

    def __init__(self, source: int, target: int) -> None:
        self.source, self.target = source, target
        self.loss = self.delay = self.jitter = 0.0
        self.waiting: list[tuple[float, int, bytes]] = []
        self._number = 0

    def read(self, now: float) -> None:
        """Take what came."""
        for _ in range(AT_ONCE):
            try:
                frame = os.read(self.source, FRAME)
            except OSError:
                return
            if self.loss and random.random() < self.loss:
                continue
            if not self.delay and not self.waiting:
                self.give(frame)
            elif len(self.waiting) < WAITING:
                self._number += 1
                at = now + self.delay + random.uniform(-self.jitter, self.jitter)
                heapq.heappush(self.waiting, (at, self._number, frame))

    def give(self, frame: bytes) -> None:
        """Hand a frame over; a device that is down or full takes none."""
        try:
            os.write(self.target, frame)
        except OSError:
            pass

    def due(self, now: float) -> None:
        """Hand over what has been under way for long enough."""
        while self.waiting and self.waiting[0][0] <= now:
            self.give(heapq.heappop(self.waiting)[2])


def carry(names: list[str]) -> None:
    """Carry frames until the standard input ends."""
    cables = []
    for name in names:
        inner, outer = device(f"{name}-i"), device(f"{name}-o")
        cables.append((Way(inner, outer), Way(outer, inner)))
    ways = [way for cable in cables for way in cable]
    selector = selectors.DefaultSelector()
    for way in ways:
        selector.register(way.source, selectors.EVENT_READ, way)
    selector.register(sys.stdin.fileno(), selectors.EVENT_READ, None)
    print("ready", flush=True)
    while True:
        first = min((way.waiting[0][0] for way in ways if way.waiting), default=None)
        timeout = None if first is None else max(0.0, first - time.monotonic())
        for key, _ in selector.select(timeout):
            if key.data is not None:
                key.data.read(time.monotonic())
                continue
            line = os.read(sys.stdin.fileno(), 4096).decode()
            if not line:
                return
            for order in line.splitlines():
                number, loss, delay, jitter = order.split()
                for way in cables[int(number)]:
                    way.loss, way.delay, way.jitter = float(loss), float(delay), float(jitter)
                print("done", flush=True)
        now = time.monotonic()
        for way in ways:
            way.due(now)


class Cables:
    """The process, for a test."""

    def __init__(self, names: list[str]) -> None:
        """@raise OSError: such devices cannot be made here."""
        self._names = names
        self._process = subprocess.Popen(
            [sys.executable, os.path.abspath(__file__), *names],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None and self._process.stderr is not None
        if self._process.stdout.readline() != "ready\n":
            said = self._process.stderr.read()
            self.close()
            raise OSError(f"no cables: {said.splitlines()[-1] if said else ''}")

    def set(self, number: int, loss: float = 0.0, delay: float = 0.0, jitter: float = 0.0) -> None:
        """
        What becomes of frames on one cable from now on, in both directions.

        @param loss: the part that is lost, 0 to 1.
        @param delay: seconds one way.
        @param jitter: seconds by which it differs at most; frames overtake each other.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{number} {loss} {delay} {jitter}\n")
        self._process.stdin.flush()
        if self._process.stdout.readline() != "done\n":
            raise OSError("the cables are gone")

    def close(self) -> None:
        """End it; the devices go with it."""
        with self._process:
            if self._process.stdin is not None:
                self._process.stdin.close()
            self._process.wait()


if __name__ == "__main__":
    carry(sys.argv[1:])
