"""Three nodes on one MariaDB that is killed, frozen, or cut off at a commit while clients work."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from twisted.trial.unittest import SynchronousTestCase

from tests import mariadb
from tests.cutting import Cutting
from tests.faults.verdict import Verdict, wait_equal
from tests.faults.workload import Workload
from tests.system.config_nodes import CS, ConfigCluster
from tests.system.nodes import wait_for
from tests.system.test_config_mysql import properties

ROUNDS = int(os.environ.get("NACOS_TW_FAULTS", "0") or 0)
SEED = int(os.environ.get("NACOS_TW_FAULTS_SEED", "0") or 0) or random.randrange(1, 1 << 30)


class Place:
    """
    The nodes, their clients, and the database with the way to it.

    @ivar outages: when the database could not be used, from and to, by the monotonic clock.
    """

    def __init__(self, server: mariadb.Server) -> None:
        self.server = server
        self.way = Cutting(server.port)
        url = server.url(server.database()).replace(f":{server.port}/", f":{self.way.port}/")
        self.cluster = ConfigCluster(3, properties(url), ())
        self.outages: list[tuple[float, float]] = []

    def close(self) -> None:
        self.cluster.close()
        self.way.close()
        if not self.server.running:
            self.server.start()
        self.server.resume()

    def begin(self, seed: int) -> Workload:
        """Start the nodes and the clients."""
        self.cluster.start()
        self.workload = Workload(self.cluster.nodes, seed)
        self.workload.start()
        self.workload.progress()
        return self.workload

    @contextmanager
    def away(self) -> Iterator[None]:
        """The block takes the database away and brings it back."""
        began = time.monotonic()
        yield
        self.settle()
        self.outages.append((began, time.monotonic()))

    def settle(self) -> None:
        """All nodes are ready, and say that their database is there."""
        for node in self.cluster.nodes:
            if not node.running:
                self.cluster.restart(node)
        self.cluster.wait_ready()
        for node in self.cluster.nodes:
            wait_for(lambda node=node: node.request("GET", CS + "/health").text == "UP", why="the database")  # type: ignore[misc]

    def told(self) -> None:
        """All nodes notice that it is away, and say so."""
        for node in self.cluster.nodes:
            wait_for(
                lambda node=node: node.request("GET", CS + "/health").text.startswith("DOWN"),  # type: ignore[misc]
                why=f"{node.address} to say that the database is away",
            )


Breakage = Callable[[Place, random.Random], None]


def killed(place: Place, chance: random.Random) -> None:
    """kill -9 of the database, and its start."""
    with place.away():
        place.server.kill()
        place.told()
        place.server.start()


def frozen(place: Place, chance: random.Random) -> None:
    """It stands still (SIGSTOP) until all nodes say so."""
    with place.away():
        place.server.pause()
        place.told()
        place.server.resume()


def cut_after_commit(place: Place, chance: random.Random) -> None:
    """A commit is answered, and then nobody reaches it."""
    _cut(place, "", place.way.is_cut)


def cut_before_answer(place: Place, chance: random.Random) -> None:
    """It commits, and nobody is told."""
    _cut(place, "answer", place.way.held)


def cut_before_commit(place: Place, chance: random.Random) -> None:
    """A commit does not reach it."""
    _cut(place, "commit", place.way.held)


def killed_at_commit(place: Place, chance: random.Random) -> None:
    """A commit is not answered, and all nodes are killed (kill -9) and started again without the database."""
    with place.away():
        _arm(place, chance.choice(("answer", "commit")), place.way.held)
        for node in place.cluster.nodes:
            node.kill()
        place.way.cut()
        for node in place.cluster.nodes:
            place.cluster.restart(node)
        place.told()
        place.way.mend()


def _cut(place: Place, holding: str, event: threading.Event) -> None:
    with place.away():
        _arm(place, holding, event)
        place.way.cut()
        place.told()
        place.way.mend()


def _arm(place: Place, holding: str, event: threading.Event) -> None:
    """The next commit of a change is the last; wait for it."""
    way = place.way
    way.held.clear()
    way.holding, way.armed = holding, True
    place.workload.until(event.is_set)
    way.holding = ""


ALL: tuple[Breakage, ...] = (
    killed, frozen, cut_after_commit, cut_before_answer, cut_before_commit, killed_at_commit,
)  # fmt: skip
SHORT: tuple[Breakage, ...] = (killed, frozen, cut_after_commit, cut_before_answer)


class DatabaseFaults(SynchronousTestCase):
    """One cluster and one workload for all breakages of a run."""

    skip = mariadb.missing() or None

    def run_faults(self, breakages: Iterable[Breakage], seed: int) -> None:
        """Break and mend one after the other, then check everything that was answered."""
        place = Place(mariadb.server("faults"))
        self.addCleanup(place.close)
        chance = random.Random(seed)
        told: list[str] = []
        try:
            workload = place.begin(seed)
            for broken in breakages:
                told.append(broken.__name__)
                broken(place, chance)
                workload.progress(10)
            workload.end_writes()
            facts = wait_equal(place.cluster.nodes, workload.keys)
            last = {key: fact[0] for key, fact in facts.items() if isinstance(fact, tuple)}
            workload.until(lambda: all(listener.held == last for listener in workload.listeners))
            workload.end()
            verdict = Verdict(workload, place.cluster.nodes, place.outages)
            findings = verdict.judge()
            self.assertEqual(findings, [], f"seed {seed}: {told}")
            self.assertGreater(verdict.checked, 6 * len(workload.keys))
        except BaseException:
            print(f"seed {seed}: {told}")
            for node in place.cluster.nodes:
                print(f"--- {node.address}\n{node.full_log[-4000:]}")
            raise

    def test_short(self) -> None:
        """Some kinds once, in an order that differs from run to run."""
        order = list(SHORT)
        random.Random(SEED).shuffle(order)
        self.run_faults(order, SEED)

    def test_long(self) -> None:
        """As many random ones as the environment asks for."""
        chance = random.Random(SEED)
        self.run_faults([chance.choice(ALL) for _ in range(ROUNDS)], SEED)

    if not ROUNDS:
        test_long.skip = "NACOS_TW_FAULTS=<rounds> runs it"  # type: ignore[attr-defined]
