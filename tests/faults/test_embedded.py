"""Three nodes with embedded storage, broken one way after the other while clients work."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterable

from twisted.trial.unittest import SynchronousTestCase

from tests.faults import breakage, checks
from tests.faults.breakage import Breakage, Site
from tests.faults.cluster import FaultyCluster
from tests.faults.verdict import Verdict, wait_equal
from tests.faults.workload import Workload

ROUNDS = int(os.environ.get("NACOS_TW_FAULTS", "0") or 0)
ONLY = os.environ.get("NACOS_TW_FAULTS_ONLY", "").split(",") if os.environ.get("NACOS_TW_FAULTS_ONLY") else []
"""Names of the kinds that the short part is to have instead of its own."""
CONTRADICTIONS = "nacos_raft_contradictions_total"
SEED = int(os.environ.get("NACOS_TW_FAULTS_SEED", "0") or 0) or random.randrange(1, 1 << 30)


class EmbeddedFaults(SynchronousTestCase):
    """One cluster and one workload for all breakages of a run."""

    def run_faults(self, breakages: Iterable[Breakage], seed: int) -> None:
        """Break and mend one after the other, then check everything that was answered."""
        findings = self.findings(breakages, seed)
        self.assertEqual(findings, [], f"seed {seed}")

    def findings(self, breakages: Iterable[Breakage], seed: int) -> list[str]:
        """The same; gives what the checks found."""
        cluster = self.faulty = FaultyCluster()
        self.addCleanup(cluster.close)
        cluster.start()
        workload = Workload(cluster.nodes, seed)
        site, chance = Site(cluster, workload), random.Random(seed)
        workload.start()
        told: list[str] = []
        try:
            workload.progress()
            for number, broken in enumerate(breakages):
                began = time.monotonic()
                told.append(f"{number} {broken.__name__} at {began:.1f}")
                broken(site, random.Random(chance.random()))
                breakage.mend(site)
                workload.progress(10)
                told[-1] += f" for {time.monotonic() - began:.1f} s"
            workload.end_writes()
            verdict = self.heard_the_last(workload, cluster)
        except BaseException:
            print(f"seed {seed}: {told}")
            for node in cluster.nodes:
                print(f"--- {node.address}\n{node.full_log[-3000:]}")
            raise
        findings = verdict.judge()
        if findings:
            print(f"seed {seed}: {told}")
            for node in cluster.nodes:
                print(f"--- {node.address}\n{node.full_log[-6000:]}")
        self.assertGreater(verdict.checked, 6 * len(workload.keys))
        return findings

    def heard_the_last(self, workload: Workload, cluster: FaultyCluster) -> Verdict:
        """Let listeners hear the last state; then all clients end."""
        facts = wait_equal(cluster.nodes, workload.keys)
        last = {key: fact[0] for key, fact in facts.items() if isinstance(fact, tuple)}
        workload.until(lambda: all(listener.held == last for listener in workload.listeners))
        workload.end()
        return Verdict(workload, cluster.nodes)

    def test_short(self) -> None:
        """Some kinds once, in an order that differs from run to run."""
        order = [broken for broken in breakage.ALL if broken.__name__ in ONLY] or list(breakage.SHORT)
        random.Random(SEED).shuffle(order)
        self.run_faults(order, SEED)

    def test_long(self) -> None:
        """As many random ones as the environment asks for."""
        chance = random.Random(SEED)
        self.run_faults([chance.choice(breakage.ALL) for _ in range(ROUNDS)], SEED)

    def test_rolled_back_majority(self) -> None:
        """Two of three go on from older copies: all are equal in the end, and what is lost is not lost in silence."""
        findings = self.findings([breakage.rolled_back_majority], SEED)
        nodes = self.faulty.nodes
        counts = {node.address: int(node.metric(CONTRADICTIONS)) for node in nodes}
        logs = {node.address: node.full_log for node in nodes}
        self.assertEqual(checks.not_in_silence(findings, counts, logs), [], f"seed {SEED}")

    if not ROUNDS and breakage.rolled_back_majority.__name__ not in ONLY:
        test_rolled_back_majority.skip = "NACOS_TW_FAULTS=<rounds> runs it"  # type: ignore[attr-defined]
    if not ROUNDS:
        test_long.skip = "NACOS_TW_FAULTS=<rounds> runs it"  # type: ignore[attr-defined]
