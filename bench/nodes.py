"""
Nodes to measure: processes of our own, started by bin/startup.sh in temporary homes, and what /proc says of them.

They run from the virtual environment that C{NACOS_TW_VENV} names, else from C{.venv} of the checkout, into which they
are installed first, so that no start that is measured includes an installation.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from wire import Connection, get, json_of

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.abspath(os.environ.get("NACOS_TW_VENV") or os.path.join(ROOT, ".venv"))
TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


# -- processes


class Node:
    """One node: its home, its port, its process."""

    def __init__(self, home: str, port: int, mode: str, arguments: Sequence[str] = ()) -> None:
        self.home = home
        self.address = f"127.0.0.1:{port}"
        self._command = ["sh", os.path.join(ROOT, "bin", "startup.sh"), "-m", mode, *arguments]

    @property
    def pid(self) -> int:
        """The process; OSError or ValueError before it has begun."""
        with open(os.path.join(self.home, "data", "nacos.pid")) as file:
            return int(file.read())

    def launch(self) -> subprocess.Popen[str]:
        """Run bin/startup.sh, without waiting for its end."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("NACOS_", "SERVER_", "MODE"))}
        return subprocess.Popen(
            self._command,
            env={**kept, "NACOS_HOME": self.home, "NACOS_TW_VENV": VENV},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def end(self, number: int = signal.SIGKILL) -> None:
        """Send the process a signal and wait until it is gone."""
        pid = self.pid
        os.kill(pid, number)
        wait_for(lambda: not alive(pid), "the process to end")


class Nodes:
    """
    One node that stands alone, or several that are a cluster, all on this machine.

    A cluster keeps its configs embedded, unless it is told otherwise.
    """

    def __init__(self, count: int, properties: str = "") -> None:
        """
        @param properties: more lines of application.properties, such as those of a database.
        """
        self.folder = tempfile.mkdtemp(prefix="nacos-tw-bench-")
        ports = free_ports(count)
        mode = "standalone" if count == 1 else "cluster"
        more = ("-p", "embedded") if count > 1 and "db.url" not in properties else ()
        self.all = [Node(os.path.join(self.folder, f"node{port}"), port, mode, more) for port in ports]
        for node, port in zip(self.all, ports, strict=True):
            os.makedirs(os.path.join(node.home, "conf"))
            with open(os.path.join(node.home, "conf", "application.properties"), "w") as file:
                file.write(f"server.port={port}\n{properties}\n")
            if count > 1:
                with open(os.path.join(node.home, "conf", "cluster.conf"), "w") as file:
                    file.writelines(f"127.0.0.1:{each}\n" for each in ports)

    @property
    def addresses(self) -> list[str]:
        """The nodes' C{ip:port}."""
        return [node.address for node in self.all]

    @property
    def pids(self) -> list[int]:
        """The nodes' processes, in the order of L{addresses}."""
        return [node.pid for node in self.all]

    def start(self, nodes: Sequence[Node] = ()) -> None:
        """Start nodes (all, unless some are given) at the same time and wait until they are ready."""
        nodes = nodes or self.all
        for started in [node.launch() for node in nodes]:
            output = started.communicate()[0]
            if started.returncode:
                raise SystemExit(f"startup.sh: {output}")
        for node in nodes:
            wait_for(lambda node=node: is_ready(node.address), f"{node.address} to be ready")

    def leader(self) -> Node:
        """The one that all running nodes take for the leader."""

        def agreed() -> Node | None:
            running = [node.address for node in self.all if alive(node.pid)]
            if len(self.all) == 1:
                return self.all[0]  # it may know itself by another of its addresses
            names = {leader_of(address) for address in running}
            return next((node for node in self.all if names == {node.address} and node.address in running), None)

        return wait_for(agreed, "all to agree on a leader")

    def close(self) -> None:
        """End the processes and remove the homes."""
        for node in self.all:
            with contextlib.suppress(OSError, ValueError):
                node.end()
        shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.contextmanager
def started(count: int, properties: str = "") -> Iterator[Nodes]:
    """Running nodes that end with the block."""
    install()
    nodes = Nodes(count, properties)
    try:
        nodes.start()
        yield nodes
    finally:
        nodes.close()


def install() -> None:
    """Install the checkout into the virtual environment, unless it is there already."""
    script = os.path.join(ROOT, "bin", "install.sh")
    subprocess.run(["sh", script], env={**os.environ, "NACOS_TW_VENV": VENV}, check=True, stdout=subprocess.DEVNULL)


def free_ports(count: int) -> list[int]:
    """
    Ports p such that p, p - 1000 and p + 1000 are free, outside 32768 to 60999: there a closed connection of the load
    itself could hold a port that a node is to take.
    """
    found: list[int] = []
    while len(found) < count:
        port = random.randrange(13_000, 31_000)
        if any(abs(port - other) in (0, 1000, 2000) for other in found):
            continue
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            for each in (port, port - 1000, port + 1000):
                stack.enter_context(socket.socket()).bind(("127.0.0.1", each))
            found.append(port)
    return found


def wait_for(what: Callable[[], Any], why: str, limit: float = 30.0) -> Any:
    """What C{what} gives once it is true; SystemExit if that takes too long. OSError counts as not yet."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        with contextlib.suppress(OSError, ValueError):
            if found := what():
                return found
        time.sleep(0.02)
    raise SystemExit(f"waited {limit:.0f} s in vain for {why}")


def is_ready(address: str) -> bool:
    """Whether the node's readiness endpoint says so."""
    with Connection(address, 2.0) as connection:
        return connection.ask(get("/nacos/v1/console/health/readiness"))[0] == 200


def leader_of(address: str) -> str:
    """The leader's address as this node knows it; "" for none."""
    with Connection(address, 2.0) as connection:
        leader = json_of(connection.ask(get("/nacos/v1/ns/raft/leader")))["leader"]
    return str((json_of((200, leader.encode())) if isinstance(leader, str) else leader or {}).get("ip", ""))


# -- what /proc says


def _stat(pid: int) -> list[str]:
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()


def alive(pid: int) -> bool:
    """Whether the process runs."""
    try:
        return _stat(pid)[0] != "Z"
    except OSError:
        return False


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time of processes so far, all their threads together."""
    return sum(int(fields[11]) + int(fields[12]) for fields in map(_stat, pids)) / TICK


def resident(pid: int) -> float:
    """Resident memory in MB."""
    return int(_stat(pid)[21]) * PAGE / 1e6


def busy_seconds() -> float:
    """CPU time that this machine has spent on anything since it started."""
    with open("/proc/stat") as file:
        fields = [int(field) for field in file.readline().split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / TICK


def pin(pid: int, cpu: int) -> None:
    """Let a process, with all its threads, run on one CPU only."""
    for thread in os.listdir(f"/proc/{pid}/task"):
        os.sched_setaffinity(int(thread), {cpu})


# -- figures


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share (0 to 1) of all does not exceed; nan for none."""
    if not values:
        return float("nan")
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)
