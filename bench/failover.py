"""
Kills the leader of three nodes while others write, and says for how long no write succeeded, and whether any was lost.

    python bench/failover.py [--rounds 20] [--ephemeral]
    python bench/failover.py --graceful [--rounds 20]

In each round four clients register instances at the two followers without pause. The leader gets SIGKILL; the longest
time between two successful writes (of any client) that ends after it is the gap. Then every registration that was
answered must be listed by both survivors. The killed node is started again for the next round.

Instances are persistent, so that each write needs a majority; C{--ephemeral} registers ephemeral ones, which a node
also takes while there is no leader. C{--graceful} sends SIGTERM instead, has two more clients write at the leader
itself, and counts requests that failed: those that were answered with an error or, at a follower, not at all.
"""

from __future__ import annotations

import argparse
import itertools
import signal
import sys
import threading
import time
from collections.abc import Iterable, Sequence

import nodes
from wire import NAMING, Connection, addresses_in, instance_list, register, request

Instance = tuple[str, tuple[str, int]]
"""The service, and the instance's ip and port."""
SERVICES = 20
NO_CHECK = '{"type":"NONE"}'


class Writer(threading.Thread):
    """
    A client that registers one instance after the other until it is told to stop.

    @ivar done: what was answered with success, and when.
    @ivar failed: what else became of requests: whether it was an error's answer, and a text.
    """

    def __init__(self, address: str, numbers: Iterable[int], tag: str, ephemeral: bool) -> None:
        super().__init__(daemon=True)
        self.address = address
        self.done: list[tuple[float, Instance]] = []
        self.failed: list[tuple[bool, str]] = []
        self.stopping = False
        self._numbers = iter(numbers)
        self._tag = tag
        self._ephemeral = ephemeral

    def run(self) -> None:
        """Write."""
        connection = Connection(self.address, 6.0)
        while not self.stopping:
            number = next(self._numbers)
            service, ip = (
                f"{self._tag}.{number % SERVICES}",
                f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
            )
            try:
                status, body = connection.ask(register(service, ip, ephemeral=self._ephemeral))
            except OSError as error:
                self.failed.append((False, str(error)))
                time.sleep(0.02)
                continue
            if status == 200:
                self.done.append((time.monotonic(), (service, (ip, 8080))))
            else:
                self.failed.append((True, f"{status} {body.decode()[:100]}"))
            time.sleep(0.002)
        connection.close()


def gap(times: Sequence[float], killed: float, ended: float) -> float:
    """The longest time between two of C{times} that ends after C{killed}, in seconds."""
    marks = [*sorted(times), ended]
    return max((later - earlier for earlier, later in itertools.pairwise(marks) if later > killed), default=0.0)


def lost(address: str, wanted: Iterable[Instance]) -> int:
    """How many of the instances a node does not list; it gets two seconds to apply them."""
    missing = set(wanted)
    end = time.monotonic() + 2
    with Connection(address) as connection:
        while missing and time.monotonic() < end:
            for service in {service for service, _ in missing}:
                missing -= {(service, each) for each in addresses_in(connection.ask(instance_list(service)))}
            time.sleep(0.05)
    return len(missing)


def prepare(address: str, tag: str, method: str = "POST") -> None:
    """Create the services, whose instances nobody probes; or remove them."""
    with Connection(address) as connection:
        for number in range(SERVICES):
            service = {"serviceName": f"{tag}.{number}"}
            connection.ask(request(method, f"{NAMING}/service", {**service, "protectThreshold": 0}))
            if method == "POST":
                cluster = {"clusterName": "DEFAULT", "healthChecker": NO_CHECK, "metadata": ""}
                ports = {"checkPort": 80, "useInstancePort4Check": "true"}
                answer = connection.ask(request("PUT", f"{NAMING}/cluster", {**service, **cluster, **ports}))
                if answer[0] != 200:
                    raise SystemExit(f"{tag}: {answer}")


def one_round(cluster: nodes.Nodes, number: int, arguments: argparse.Namespace) -> list[object]:
    """End the leader once; a line of the table."""
    leader = cluster.leader()
    others = [node for node in cluster.all if node is not leader]
    tag, numbers = f"failover.{number}", itertools.count()
    if not arguments.ephemeral:
        prepare(leader.address, tag)
    targets = [node.address for node in others] * 2 + [leader.address] * (2 * arguments.graceful)
    writers = [Writer(address, numbers, tag, arguments.ephemeral) for address in targets]
    for writer in writers:
        writer.start()
    time.sleep(arguments.before)
    killed = time.monotonic()
    leader.end(signal.SIGTERM if arguments.graceful else signal.SIGKILL)
    gone = time.monotonic() - killed
    time.sleep(arguments.after)
    for writer in writers:
        writer.stopping = True
    for writer in writers:
        writer.join()
    ended = time.monotonic()
    done = [each for writer in writers for each in writer.done]
    there = {node.address for node in others}
    failed = [what for writer in writers for error, what in writer.failed if error or writer.address in there]
    missing = max(lost(node.address, (instance for _, instance in done)) for node in others)
    longest = gap([when for when, _ in done], killed, ended)
    if not arguments.ephemeral:
        prepare(others[0].address, tag, "DELETE")
    cluster.start([leader])
    return [number, len(done), f"{longest:.3f}", len(failed), missing, f"{gone:.2f}", failed[0] if failed else ""]


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(formatter_class=argparse.RawDescriptionHelpFormatter, description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--before", type=float, default=2.0, help="seconds of writing before the leader ends")
    parser.add_argument("--after", type=float, default=3.0, help="and after it")
    parser.add_argument("--ephemeral", action="store_true")
    parser.add_argument("--graceful", action="store_true", help="SIGTERM instead of SIGKILL")
    arguments = parser.parse_args()
    lines: list[list[object]] = []
    head = ["round", "writes", "gap s", "failed", "lost", "ended after s", "first failure"]
    with nodes.started(3) as cluster:
        for number in range(arguments.rounds):
            lines.append(one_round(cluster, number, arguments))
            print(*lines[-1], file=sys.stderr, flush=True)
    print(nodes.table(head, lines))
    gaps = [float(str(line[2])) for line in lines]
    failed, missing = (sum(int(str(line[at])) for line in lines) for at in (3, 4))
    print(
        f"\n{len(lines)} rounds: gap median {nodes.percentile(gaps, 0.5):.3f} s, longest {max(gaps):.3f} s; "
        f"{missing} acknowledged writes lost; {failed} requests failed"
    )
    return 1 if missing or (arguments.graceful and failed) else 0


if __name__ == "__main__":
    sys.exit(main())
