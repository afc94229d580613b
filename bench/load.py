"""
Measures requests per CPU-second of one node or a cluster, with wrk.

    python bench/load.py [--nodes 1|3] [--seconds 8] [--connections 64] [--pin] [--ops list,services,beat,register]
    python bench/load.py --url 127.0.0.1:8848 [--url ...] --pid 4711 [--pid ...]
    python bench/load.py --apis v1,v2,v3 [--rounds 3] [--ops list,config-get,register,publish]

It starts nodes in temporary homes, or takes running ones of this machine by their addresses and processes, registers
1,000 services of 10 instances, and loads one operation after the other:

 - list: the instances of a service;
 - subscribe: the same with a UDP port, as subscribed clients ask (not among the default operations);
 - services: a page of the service list;
 - beat: heartbeats, answered after a majority has them;
 - register: instances that were not there yet;
 - config-get: one of 1,000 configs of 1 KB (not among the default operations, nor the next one);
 - publish: a config of 1 KB that was not there yet.

Requests are as the Java client 1.4 sends them; C{--headers none} leaves out what the server does not look at. With
several nodes the connections are spread over them. Before each measured run, one second of answers is looked at; after
it, every node must have what was answered. Instances that were registered are looked for at once, as they expire 30 s
later.

With C{--apis} each operation is asked of one API after the other, in rounds that begin with another API each; the last
column is the median, over the rounds, of an API's requests per CPU-second by those of the first one in the same round.
Requests of v2 and v3 have the headers of the Java client and the parameters where v1 has them; v3's are those for
clients without an SDK, but for publish, which is an operator's.

"Per CPU-second" is requests by the user and system time of all server processes together. "Others" is the number of
cores that neither they nor wrk used but somebody else did: where that is not near 0, only compare within one run.
The two percentiles are those of a saturated server. Needs wrk.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

import nodes
import wire
from wire import (
    CONFIGS,
    GROUP,
    Connection,
    ask_all,
    beat,
    get,
    instance_list,
    json_of,
    seed,
    seed_configs,
)

OPS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "ops")
SERVICES, INSTANCES = 1000, 10
DEFAULT_OPS = "list,services,beat,register"
CONFIG_OPS = ("config-get", "publish")
OPS_OF_ALL = "list,config-get,register,publish"
"""Those that each API has."""
HEAD = ["operation", "requests/s", "per CPU-second", "p50 ms", "p99 ms", "RSS MB", "others", "check"]


class Load:
    """
    One target and how it is loaded.

    @ivar problems: what was wrong with the answers, over all operations.
    """

    def __init__(self, addresses: Sequence[str], pids: Sequence[int], arguments: argparse.Namespace) -> None:
        self.addresses = addresses
        self.pids = pids
        self.connections: int = arguments.connections
        self.seconds: int = arguments.seconds
        self.headers: str = arguments.headers
        self.pinned: bool = arguments.pin
        self.problems: list[str] = []

    def measure(self, op: str, api: str = "v1") -> list[object]:
        """Load the target with one operation; a line of the table, whose third column is the rate."""
        if op == "config-get":
            seed_configs(self.addresses[0], SERVICES)
            time.sleep(0.5)
        elif op not in ("register", "publish"):
            seed(self.addresses[0], SERVICES, INSTANCES, beat)  # they expire 30 s after their last beat
        problems = []
        looked = self._wrk(op, api, 1, checking=True)
        if looked["wrong"] or not looked["requests"]:
            problems.append(f"{looked['wrong']} of {looked['requests']} answers were wrong: {looked['sample']}")
        held = self._held() if op == "publish" else [0] * len(self.addresses)
        before, busy = nodes.cpu_seconds(self.pids), nodes.busy_seconds()
        children = _children_seconds()
        found = self._wrk(op, api, self.seconds)
        used = max(nodes.cpu_seconds(self.pids) - before, 1 / nodes.TICK)  # even if it got none
        others = nodes.busy_seconds() - busy - used - (_children_seconds() - children)
        if found["status"] or found["socket"]:
            problems.append(f"{found['status']} answers of 400 and more, {found['socket']} socket errors")
        if looked["requests"] and abs(_size(found) / _size(looked) - 1) > 0.1:
            problems.append(f"answers of {_size(found):.0f} bytes, {_size(looked):.0f} where they were looked at")
        if op in ("register", "publish"):
            time.sleep(0.5)
            problems += self._missing(held, self._held() if op == "publish" else self._listed(found["tag"]), found)
        self.problems += [f"{op} of {api}: {each}" for each in problems]
        return [
            op,
            f"{found['requests'] / found['seconds']:,.0f}",
            f"{found['requests'] / used:,.0f}",
            f"{found['p50']:.1f}",
            f"{found['p99']:.1f}",
            " ".join(f"{nodes.resident(pid):.0f}" for pid in self.pids),
            f"{max(0.0, others / found['seconds']):.1f}",
            "FAILED" if problems else "ok",
        ]

    def _wrk(self, op: str, api: str, seconds: int, checking: bool = False) -> dict[str, Any]:
        """Run wrk; what common.lua prints at the end, and the C{tag} in the names of what is new."""
        threads = len(self.addresses)
        environment = {
            **os.environ,
            "BENCH_OPS": OPS,
            "BENCH_NODES": " ".join(self.addresses),
            "BENCH_THREADS": str(threads),
            "BENCH_SERVICES": str(SERVICES),
            "BENCH_INSTANCES": str(INSTANCES),
            "BENCH_HEADERS": self.headers,
            "BENCH_CHECK": str(int(checking)),
            "BENCH_TOKEN": wire.token,
            "BENCH_API": api,
            "BENCH_TAG": f"{time.time_ns():x}",
        }
        connections = self.connections // threads * threads
        command = ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}", "-s", f"{OPS}/{op}.lua"]
        if self.pinned:
            command = ["taskset", "-c", "1", *command]
        done = subprocess.run(
            [*command, f"http://{self.addresses[0]}/"], env=environment, check=True, stdout=subprocess.PIPE, text=True
        )
        return {**json.loads(done.stdout.splitlines()[-1]), "tag": environment["BENCH_TAG"]}

    def _held(self) -> list[int]:
        """How many configs each node says that it has."""
        page = {"dataId": "", "group": GROUP, "tenant": "", "pageNo": 1, "pageSize": 1}
        found = []
        for address in self.addresses:
            with Connection(address) as connection:
                found.append(int(json_of(connection.ask(get(CONFIGS, search="accurate", **page)))["totalCount"]))
        return found

    def _listed(self, tag: str) -> list[int]:
        """How many instances each node lists of the services that a run of register has made."""
        asked = [instance_list(f"bench.new.{tag}.{number}") for number in range(SERVICES)]
        return [sum(body.count(b'"ip":') for _, body in ask_all(address, asked)) for address in self.addresses]

    def _missing(self, held: Sequence[int], now: Sequence[int], found: dict[str, Any]) -> list[str]:
        """What was written must be there, on every node, and nothing else."""
        least, most = found["requests"], found["sent"] + self.connections
        return [
            f"{address} has {after - before} new ones, expected {least} to {most}"
            for address, after, before in zip(self.addresses, now, held, strict=True)
            if not least <= after - before <= most
        ]


def _size(found: dict[str, Any]) -> float:
    return found["bytes"] / max(1, found["requests"])


def _children_seconds() -> float:
    """CPU time of the programs that this one has run."""
    times = os.times()
    return times.children_user + times.children_system


def run(addresses: Sequence[str], pids: Sequence[int], arguments: argparse.Namespace) -> int:
    """
    Measure, and print the table.

    @return: the exit status.
    """
    if arguments.pin:
        for pid in pids:
            nodes.pin(pid, 0)
    load = Load(addresses, pids, arguments)
    if not set(arguments.ops.split(",")) <= set(CONFIG_OPS):
        seed(addresses[0], SERVICES, INSTANCES)
    apis = arguments.apis.split(",")
    shape = f"{len(addresses)} node{'s' * (len(addresses) > 1)}, {arguments.connections} connections"
    where = "servers on CPU 0, wrk on CPU 1" if arguments.pin else "not pinned"
    print(f"{shape}, {arguments.seconds} s each, headers: {arguments.headers}, {where}\n")
    ops = arguments.ops.split(",")
    if len(apis) > 1:
        lines = [line for op in ops for line in compare(load, op, apis, arguments.rounds)]
        print(nodes.table(["operation", "API", "per CPU-second, each round", f"by {apis[0]}"], lines))
    else:
        print(nodes.table(HEAD, [load.measure(op, apis[0]) for op in ops]))
    for problem in load.problems:
        print(f"FAILED {problem}")
    return 1 if load.problems else 0


def compare(load: Load, op: str, apis: Sequence[str], rounds: int) -> list[list[object]]:
    """An operation in each API, in turns; the lines of the table."""
    rates: dict[str, list[float]] = {api: [] for api in apis}
    for number in range(rounds):
        first = number % len(apis)
        for api in (*apis[first:], *apis[:first]):
            rates[api].append(float(str(load.measure(op, api)[2]).replace(",", "")))
    return [
        [
            op,
            api,
            " ".join(f"{rate:,.0f}" for rate in rates[api]),
            f"{statistics.median(own / other for own, other in zip(rates[api], rates[apis[0]], strict=True)):.2f}",
        ]
        for api in apis
    ]


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(formatter_class=argparse.RawDescriptionHelpFormatter, description=__doc__)
    parser.add_argument("--nodes", type=int, default=1)
    parser.add_argument("--url", action="append", default=[], help="ip:port of a running node")
    parser.add_argument("--pid", action="append", type=int, default=[], help="its process")
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--headers", choices=("java", "none"), default="java")
    parser.add_argument("--pin", action="store_true", help="servers on CPU 0, wrk on CPU 1")
    parser.add_argument("--apis", default="v1", help="the APIs that are asked: v1,v2,v3")
    parser.add_argument("--rounds", type=int, default=3, help="of each operation, where several APIs are compared")
    parser.add_argument("--ops", help=f"by default {DEFAULT_OPS}, with --apis {OPS_OF_ALL}")
    arguments = parser.parse_args()
    of_all = arguments.apis != "v1"
    arguments.ops = arguments.ops or (OPS_OF_ALL if of_all else DEFAULT_OPS)
    if of_all and not set(arguments.ops.split(",")) <= set(OPS_OF_ALL.split(",")):
        parser.error(f"only v1 has other operations than {OPS_OF_ALL}")
    if arguments.url:
        if not arguments.pid:
            parser.error("--url needs --pid")
        return run([url.rpartition("/")[2] for url in arguments.url], arguments.pid, arguments)
    with nodes.started(arguments.nodes) as found:
        return run(found.addresses, found.pids, arguments)


if __name__ == "__main__":
    sys.exit(main())
