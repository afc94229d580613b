"""
Processor time of a node's start for other people's tests: the first one in a process, and each further one.

    python bench/fixture.py [--starts 20]

Children's time counts: they are measured when the process that made them has ended, so each figure is a process of its
own. The wall clock is not looked at: it says what else the machine does.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys

PROGRAM = """
import sys
from nacos_tw.testing import NacosServer
for _ in range(int(sys.argv[1])):
    with NacosServer():
        pass
"""


def spent(starts: int) -> float:
    """Seconds of a process with so many starts, of all of its children, and of theirs."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", PROGRAM, str(starts)], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=20)
    starts = parser.parse_args().starts
    spent(1)  # whoever runs this first compiles
    none, one, many = (min(spent(number) for _ in range(3)) for number in (0, 1, starts + 1))
    further = (many - one) / starts
    print(f"first start {one - none:.2f} s of processor time, each further one {further:.3f} s")
    print(f"ratio {(one - none) / further:.1f}")


if __name__ == "__main__":
    main()
