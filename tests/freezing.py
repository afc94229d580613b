"""Processes that are made to stand still."""

from __future__ import annotations

import os
import signal
import time


def freeze(pid: int) -> None:
    """Stop a process (SIGSTOP). Its threads run on until they are told, which may take a while on a busy machine; where
    that can be seen (Linux) this waits for the last of them."""
    os.kill(pid, signal.SIGSTOP)
    end = time.monotonic() + 60
    while not _stands_still(pid):
        if time.monotonic() > end:
            raise AssertionError(f"process {pid} does not stop")
        time.sleep(0.01)


def _stands_still(pid: int) -> bool:
    folder = f"/proc/{pid}/task"
    if not os.path.isdir(folder):
        return True
    return all(_state(f"{folder}/{thread}/stat") in "TtZX" for thread in os.listdir(folder))


def _state(path: str) -> str:
    """A thread's state; X if it has ended."""
    try:
        with open(path) as file:
            return file.read().rpartition(")")[2].split()[0]
    except OSError:
        return "X"
