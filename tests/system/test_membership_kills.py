"""
Members change at random and nodes are killed in the middle of it: what was acknowledged is there. C{NACOS_TW_ROUNDS}
sets how many rounds there are, C{NACOS_TW_SEED} which ones.
"""

from __future__ import annotations

import os
import random

from twisted.trial.unittest import SynchronousTestCase

from tests.system.rounds import Rounds

ROUNDS = int(os.environ.get("NACOS_TW_ROUNDS", "5"))
SEED = os.environ.get("NACOS_TW_SEED")


class KillTests(SynchronousTestCase):
    """One cluster for all rounds."""

    def test_nothing_is_lost(self) -> None:
        """Two to five voters, learners, lost disks, new addresses, handovers: every acknowledged write is on every
        member after each round, and at the end all of them are."""
        seed = int(SEED) if SEED else random.randrange(1 << 30)
        rounds = Rounds(seed)
        self.addCleanup(rounds.cluster.close)
        try:
            rounds.start()
            for _ in range(ROUNDS):
                rounds.round()
            rounds.come_back()
            rounds.check(list(rounds.written.acknowledged))
        except BaseException:
            print("\n".join([f"NACOS_TW_SEED={seed} NACOS_TW_ROUNDS={ROUNDS}", *rounds.done]))
            for node in rounds.cluster.nodes:
                print(f"--- {node.address}\n{node.full_log[-3000:]}")
            raise
        self.assertGreater(rounds.written.count, ROUNDS)
