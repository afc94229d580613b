"""Wall clocks that a test sets, one for each node: a preload in C that leaves all other clocks alone."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "wallclock.c")


def usable() -> bool:
    """Whether a preload can be made here."""
    return sys.platform == "linux" and shutil.which("gcc") is not None


def build(folder: str) -> str:
    """Compile it into the folder; gives its path."""
    path = os.path.join(folder, "wallclock.so")
    subprocess.run(["gcc", "-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-o", path, SOURCE], check=True)
    return path


class WallClock:
    """
    One process's.

    @ivar environment: of that process.
    """

    def __init__(self, library: str, file: str) -> None:
        self._file = file
        with open(file, "wb") as made:
            made.write(struct.pack("q", 0))
        self.environment = {"LD_PRELOAD": library, "WALL_CLOCK_FILE": file}

    def set(self, seconds: int) -> None:
        """From now on it is so far from the true time."""
        with open(self._file, "r+b") as file:  # mapped by the process: neither cut off nor replaced
            file.write(struct.pack("q", seconds))
