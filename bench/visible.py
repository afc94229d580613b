"""
How soon a registration at one of three idle nodes is visible on the others.

    python bench/visible.py [--times 300]

Each node in turn takes a registration, and the other two are asked for the service's instances without pause until
they list it. Times count from just before the registration is sent.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

import nodes
from wire import Connection, addresses_in, instance_list, register

LIMIT = 5.0


def once(at: Connection, others: Sequence[Connection], number: int) -> list[float]:
    """
    Send the registration of an instance; its answer is not read.

    @return: milliseconds until each of the others lists it.
    """
    service, ip = f"visible.{number}", "10.0.0.1"
    question = instance_list(service)
    seen: dict[Connection, float] = {}
    began = time.perf_counter()
    at.send(register(service, ip))
    while len(seen) < len(others):
        for other in others:
            if other not in seen and (ip, 8080) in addresses_in(other.ask(question)):
                seen[other] = 1000 * (time.perf_counter() - began)
        if time.perf_counter() > began + LIMIT:
            raise SystemExit(f"not visible after {LIMIT} s")
    return list(seen.values())


def measure(addresses: Sequence[str], times: int) -> list[list[object]]:
    """Lines of the table."""
    connections = [Connection(address) for address in addresses]
    found: list[list[float]] = [[] for _ in addresses]
    for number in range(times * len(addresses)):
        at = number % len(addresses)
        seen = once(connections[at], [each for each in connections if each is not connections[at]], number)
        if connections[at].receive() != (200, b"ok"):
            raise SystemExit("the registration was refused")
        found[at] += seen
        time.sleep(0.02)
    for connection in connections:
        connection.close()
    leader = nodes.leader_of(addresses[0])
    return [
        [
            f"{address}{' (leader)' if address == leader else ''}",
            len(each),
            *(f"{nodes.percentile(each, share):.2f}" for share in (0.5, 0.99, 1.0)),
        ]
        for address, each in zip(addresses, found, strict=True)
    ]


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(formatter_class=argparse.RawDescriptionHelpFormatter, description=__doc__)
    parser.add_argument("--times", type=int, default=300, help="registrations at each node")
    arguments = parser.parse_args()
    with nodes.started(3) as cluster:
        rows = measure(cluster.addresses, arguments.times)
    print(nodes.table(["registered at", "seen", "p50 ms", "p99 ms", "longest ms"], rows))


if __name__ == "__main__":
    main()
