"""
Compares a node that asks for logins with one that does not, by turns, with wrk.

    python bench/auth.py [--rounds 3] [--seconds 5] [--ops list,config-get,beat,register,publish]

Two nodes that stand alone, in temporary homes, are loaded one after the other with the same operations (see
bench/load.py, whose data and requests these are), the second one by an administrator and by a user with the right to
the public namespace, whose token is a parameter of each request. The last column of each line is the median, over the
rounds, of its requests per CPU-second by those of the node without logins in the same round.
"""

from __future__ import annotations

import argparse
import statistics
import sys

import nodes
import wire
from load import Load
from wire import Connection, json_of, request, seed

AUTH = "/nacos/v1/auth"
PROPERTIES = "nacos.core.auth.enabled=true\nnacos.core.auth.admin.password=bench-admin\n"
WHO = ("no logins", "administrator", "user")


def log_in(address: str, name: str, password: str) -> str:
    """A token."""
    with Connection(address) as connection:
        found = nodes.wait_for(
            lambda: (
                (answer := connection.ask(request("POST", f"{AUTH}/login", {"username": name, "password": password})))
                and answer[0] == 200
                and answer
            ),
            "the login",
        )
    return str(json_of(found)["accessToken"])


def prepare(address: str) -> dict[str, str]:
    """Make a user with rights; the tokens by who it is."""
    wire.token = admin = log_in(address, "nacos", "bench-admin")
    with Connection(address) as connection:
        for path, parameters in (
            ("users", {"username": "bench", "password": "bench-user"}),
            ("roles", {"username": "bench", "role": "bench"}),
            ("permissions", {"role": "bench", "resource": ":*:*", "action": "rw"}),
        ):
            json_of(connection.ask(request("POST", f"{AUTH}/{path}", parameters)))
    return {"no logins": "", "administrator": admin, "user": log_in(address, "bench", "bench-user")}


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(formatter_class=argparse.RawDescriptionHelpFormatter, description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--ops", default="list,config-get,beat,register,publish")
    arguments = parser.parse_args()
    arguments.headers, arguments.pin = "java", True
    with nodes.started(1) as free, nodes.started(1, PROPERTIES) as guarded:
        tokens = prepare(guarded.addresses[0])
        loads = {who: Load(*_where(free if who == "no logins" else guarded), arguments) for who in WHO}
        for found in (free, guarded):
            nodes.pin(found.pids[0], 0)
        lines = [line for op in arguments.ops.split(",") for line in _compare(op, loads, tokens, arguments.rounds)]
    print(nodes.table(["operation", "as", "per CPU-second, each round", "by no logins"], lines))
    problems = [problem for load in loads.values() for problem in load.problems]
    for problem in problems:
        print(f"FAILED {problem}")
    return 1 if problems else 0


def _where(found: nodes.Nodes) -> tuple[list[str], list[int]]:
    return found.addresses, found.pids


def _compare(op: str, loads: dict[str, Load], tokens: dict[str, str], rounds: int) -> list[list[object]]:
    """The lines of one operation."""
    rates: dict[str, list[float]] = {who: [] for who in WHO}
    for _ in range(rounds):
        for who, load in loads.items():
            wire.token = tokens[who]
            if op in ("list", "beat"):
                seed(load.addresses[0], 1000, 10)
            rates[who].append(float(str(load.measure(op)[2]).replace(",", "")))
    return [
        [
            op,
            who,
            " ".join(f"{rate:,.0f}" for rate in rates[who]),
            f"{statistics.median(own / other for own, other in zip(rates[who], rates['no logins'], strict=True)):.2f}",
        ]
        for who in WHO
    ]


if __name__ == "__main__":
    sys.exit(main())
