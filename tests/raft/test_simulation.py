"""
Raft under faults, from seeds. C{NACOS_TW_SEEDS} sets how many seeds are run, C{NACOS_TW_SEED} runs
one alone: a failure names its seed, and the same seed does the same again, step by step.
"""

from __future__ import annotations

import os

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.raft.core.core import Core
from tests.raft.chaos import STEPS, Chaos
from tests.raft.mutants import CHANGING, FORGETTING, MUTANTS, SparesAnybody
from tests.raft.rivals import Forgotten, Rivals

SEEDS = int(os.environ.get("NACOS_TW_SEEDS", "4000"))
ONLY = os.environ.get("NACOS_TW_SEED")
LONG = 8
"""Every hundredth run is this many times as long."""


def survives(seed: int, core: type[Core] = Core, steps: int = STEPS) -> None:
    """Run one seed; a failure names it."""
    try:
        Chaos(seed, core).run(steps)
    except Exception as error:
        raise AssertionError(f"NACOS_TW_SEED={seed} ({steps} steps): {type(error).__name__}: {error}") from error


class SimulationTests(SynchronousTestCase):
    """Whatever fails and however messages come: the promises hold, and the cluster recovers."""

    def test_promises_hold_under_faults(self) -> None:
        """Election safety, log matching, leader completeness, state machine safety and confirmation hold
        after each step of each run; then, all mended, a leader is found, all nodes agree, and nothing
        that was acknowledged is missing."""
        for seed in [int(ONLY)] if ONLY else range(SEEDS):
            survives(seed, steps=STEPS if seed % 100 else STEPS * LONG)

    def test_promises_hold_in_directed_runs(self) -> None:
        """The same where faults come in the orders in which most would show."""
        for seed in range(300):
            Rivals(seed).run()
            Forgotten(seed).run()

    def test_same_seed_same_run(self) -> None:
        """A seed replays exactly."""
        for seed in (1, 2, 3):
            one, other = Chaos(seed).run(), Chaos(seed).run()
            self.assertEqual((one.now, one.steps, one.checks.log), (other.now, other.steps, other.checks.log))


class MutantTests(SynchronousTestCase):
    """The simulation finds what it is there to find."""

    def test_every_broken_rule_is_found(self) -> None:
        """A core that breaks one rule fails within some hundred seeds."""
        for mutant in MUTANTS:
            for seed in range(600):
                try:
                    Chaos(seed, mutant).run()
                except AssertionError:
                    break
            else:
                self.fail(f"{mutant.__name__} went unnoticed")

    def test_every_broken_rule_of_the_autopilot_is_found(self) -> None:
        """A cluster that it has left with too few voters does not live through the next death."""
        for seed in range(300):
            try:
                Chaos(seed, pilot=SparesAnybody, steered=True).run()
            except AssertionError:
                break
        else:
            self.fail("SparesAnybody went unnoticed")

    def test_every_rule_of_directed_runs_is_found(self) -> None:
        """The same for rules that hardly ever show by chance."""
        for kind, mutant in [(Rivals, each) for each in CHANGING] + [(Forgotten, each) for each in FORGETTING]:
            for seed in range(100):
                try:
                    kind(seed, mutant).run()
                except AssertionError:
                    break
            else:
                self.fail(f"{mutant.__name__} went unnoticed")
