"""Tests for L{nacos_tw.metrics.machine}."""

from __future__ import annotations

import os

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.metrics.machine import Machine


class MachineTests(SynchronousTestCase):
    """With made-up kernel files, with the machine's own, and without any."""

    def setUp(self) -> None:
        self.proc = self.mktemp()
        os.makedirs(os.path.join(self.proc, "self", "fd"))

    def write(self, name: str, text: str) -> None:
        with open(os.path.join(self.proc, name), "w", encoding="utf-8") as file:
            file.write(text)

    def test_cpu(self) -> None:
        """The share is that of the time between two calls; without new ticks the last one holds."""
        machine = Machine(self.proc)
        self.write("stat", "cpu  10 0 10 70 10 0 0 0 5 5\ncpu0 1\n")
        self.assertAlmostEqual(machine.cpu(), 0.2)
        self.write("stat", "cpu  60 0 10 100 30 0 0 0 5 5\n")
        self.assertAlmostEqual(machine.cpu(), 0.5)
        self.assertAlmostEqual(machine.cpu(), 0.5)

    def test_memory(self) -> None:
        """What is not available is in use."""
        self.write("meminfo", "MemTotal:  1000 kB\nMemFree: 100 kB\nMemAvailable: 250 kB\nodd\nHuge:\n")
        self.write("self/status", "Name:\tpython\nVmRSS:\t  300 kB\n")
        machine = Machine(self.proc)
        self.assertAlmostEqual(machine.memory(), 0.75)
        self.assertEqual((machine.resident(), machine.open_files()), (300 * 1024, 0))

    def test_without_proc(self) -> None:
        """Elsewhere the process's own numbers stand in."""
        machine = Machine(self.proc + "-none")
        self.assertTrue(0 <= machine.cpu() <= 1)
        self.assertTrue(0 < machine.memory() < 1)
        self.assertGreater(machine.resident(), 1_000_000)
        self.assertEqual(machine.open_files(), 0)

    def test_real(self) -> None:
        machine = Machine()
        self.assertTrue(0 <= machine.cpu() <= 1)
        self.assertTrue(0 < machine.memory() <= 1)
        self.assertGreaterEqual(machine.load(), 0)
        self.assertGreater(machine.cpu_seconds(), 0)
