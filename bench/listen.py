"""
What idle long polls cost, and how soon they are told of a publish.

    python bench/listen.py [--listeners 5000] [--times 300]

First one node holds many polls of one config, each on a connection of its own: its memory before and with them, and
the time from the sending of one publish until the first and until all have their answer, which is checked.

Then three idle nodes, embedded: each in turn takes a publish of a config that a poll at the next one waits for. Times
count from the publish's sending and, as clients see it, from its answer (0 where the poll was answered earlier).
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import selectors
import socket
import time
from collections.abc import Sequence
from urllib.parse import quote

import nodes
from wire import CONFIGS, GROUP, HEADERS, Connection, config_content, publish

HOLD = 120_000
LIMIT = 20.0
Answers = dict[socket.socket, tuple[float, bytes]]
"""When the first bytes of each one's answer were there, and these."""


def connect(address: str) -> socket.socket:
    """A connection."""
    host, _, port = address.rpartition(":")
    made = socket.create_connection((host, int(port)), LIMIT)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def poll(data_id: str, content: str) -> bytes:
    """A long poll by who has this content; "" for none."""
    md5 = hashlib.md5(content.encode(), usedforsecurity=False).hexdigest() if content else ""
    body = "Listening-Configs=" + quote(f"{data_id}\x02{GROUP}\x02{md5}\x01")
    head = f"POST {CONFIGS}/listener HTTP/1.1\r\n{HEADERS}Long-Pulling-Timeout: {HOLD}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()


def answers(waiting: Sequence[socket.socket], limit: float = LIMIT) -> Answers:
    """Wait until all have an answer, or so many seconds; what came. Each must be small enough to come at once."""
    found: Answers = {}
    with selectors.DefaultSelector() as selector:
        for each in waiting:
            selector.register(each, selectors.EVENT_READ)
        end = time.perf_counter() + limit
        while len(found) < len(waiting) and (left := end - time.perf_counter()) > 0:
            for key, _ in selector.select(left):
                assert isinstance(key.fileobj, socket.socket)
                found[key.fileobj] = time.perf_counter(), key.fileobj.recv(4096)
                selector.unregister(key.fileobj)
    return found


def check(found: Answers, waiting: Sequence[socket.socket], right: bytes) -> None:
    """SystemExit unless each has an answer with success that holds this."""
    wrong = [data for _, data in found.values() if not data.startswith(b"HTTP/1.1 200") or right not in data]
    if wrong or len(found) < len(waiting):
        raise SystemExit(f"{len(found)} of {len(waiting)} have an answer, {len(wrong)} a wrong one: {wrong[:1]}")


def crowd(found: nodes.Nodes, count: int) -> list[object]:
    """Many polls at one node; a line of the table."""
    address, pid = found.addresses[0], found.pids[0]
    name, old, new = "listen.crowd", config_content("old"), config_content("new")
    with Connection(address) as connection:
        if connection.ask(publish(name, old)) != (200, b"true"):
            raise SystemExit("the first publish was refused")
        time.sleep(2)
        before = nodes.resident(pid)
        question, waiting = poll(name, old), []
        for _ in range(count):
            waiting.append(connect(address))
            waiting[-1].sendall(question)
        time.sleep(2)
        each = 1000 * (nodes.resident(pid) - before) / count
        used = nodes.cpu_seconds([pid])
        if early := answers(waiting, 5.0):
            raise SystemExit(f"{len(early)} were answered before the publish: {next(iter(early.values()))}")
        idle = (nodes.cpu_seconds([pid]) - used) / 5
        began = time.perf_counter()
        connection.send(publish(name, new))
        told = answers(waiting)
        check(told, waiting, name.encode())
        if connection.receive() != (200, b"true"):
            raise SystemExit("the publish was refused")
    times = [1000 * (at - began) for at, _ in told.values()]
    for one in waiting:
        one.close()
    return [count, f"{each:.1f}", f"{idle:.1%}", *(f"{nodes.percentile(times, share):.0f}" for share in (0, 0.5, 1))]


def across(addresses: Sequence[str], times: int) -> tuple[list[float], list[float]]:
    """
    Publish at one node, listen at the next.

    @return: milliseconds until the poll was answered, from the publish's sending and from its answer.
    """
    lines = [(connect(address), connect(address)) for address in addresses]
    sent, answered = [], []
    for number in range(times):
        at = number % len(addresses)
        publisher, listener = lines[at][0], lines[(at + 1) % len(addresses)][1]
        name, content = f"listen.across.{number}", config_content(str(number))
        listener.sendall(poll(name, ""))
        time.sleep(0.1 + number % 7 / 100)  # until it is held, and not in step with anything
        began = time.perf_counter()
        publisher.sendall(publish(name, content))
        found = answers([publisher, listener])
        check(found, [publisher, listener], b"")
        if name.encode() not in found[listener][1] or not found[publisher][1].endswith(b"true"):
            raise SystemExit(f"wrong answers: {found}")
        sent.append(1000 * (found[listener][0] - began))
        answered.append(1000 * max(0.0, found[listener][0] - found[publisher][0]))
    for pair in lines:
        for each in pair:
            each.close()
    return sent, answered


def main() -> None:
    """Run both."""
    parser = argparse.ArgumentParser(formatter_class=argparse.RawDescriptionHelpFormatter, description=__doc__)
    parser.add_argument("--listeners", type=int, default=5000)
    parser.add_argument("--times", type=int, default=300, help="publishes at three nodes")
    arguments = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # the node inherits it
    with nodes.started(1) as found:
        row = crowd(found, arguments.listeners)
    print(nodes.table(["listeners", "KB each", "CPU idle", "first told ms", "p50 ms", "all told ms"], [row]), "\n")
    with nodes.started(3) as found:
        found.leader()
        measured = across(found.addresses, arguments.times)
    rows = [
        [name, len(each), *(f"{nodes.percentile(each, share):.1f}" for share in (0.5, 0.99, 1.0))]
        for name, each in zip(("sending", "answer"), measured, strict=True)
    ]
    print(nodes.table(["from the publish's", "publishes", "p50 ms", "p99 ms", "longest ms"], rows))


if __name__ == "__main__":
    main()
