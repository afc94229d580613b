"""How busy the machine and this process are, read from the operating system when asked."""

from __future__ import annotations

import os
import resource
import sys
import threading

_GROUP_LIMITS = "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"


class Machine:
    """
    CPU, load and memory of the machine, as Nacos tells them, and of this process.

    Where there is no C{/proc} (macOS) the machine's share of CPU and memory is the process's own.
    """

    def __init__(self, proc: str = "/proc") -> None:
        """@param proc: where the kernel's files are."""
        self._proc = proc
        self._busy = self._total = 0.0
        self._share = 0.0

    def cpu(self) -> float:
        """The share of CPU time, 0 to 1, that the machine was busy since the last call (since boot at the first)."""
        busy, total = self._times()
        if total > self._total:
            self._share = min(1.0, max(0.0, (busy - self._busy) / (total - self._total)))
            self._busy, self._total = busy, total
        return self._share

    def load(self) -> float:
        """The load average of the last minute."""
        return os.getloadavg()[0]

    def memory(self) -> float:
        """The share of the machine's memory, 0 to 1, that is in use."""
        fields = self._fields("meminfo")
        total = fields.get("MemTotal", 0)
        if total:
            return 1.0 - fields.get("MemAvailable", fields.get("MemFree", 0)) / total
        pages: int = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        return self.resident() / pages

    def resident(self) -> int:
        """Bytes of memory that this process holds (its highest ever where the present is not known)."""
        kibibytes = self._fields("self/status").get("VmRSS")
        if kibibytes is not None:
            return kibibytes * 1024
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024

    def most_memory(self) -> int:
        """Bytes of memory that this process may have: what its control group allows, else all of the machine."""
        pages: int = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        for name in _GROUP_LIMITS:
            try:
                with open(name, encoding="ascii") as file:
                    text = file.read().strip()
            except OSError:
                continue
            if text.isdigit():
                return min(int(text), pages)
        return pages

    def threads(self) -> int:
        """How many threads this process has."""
        return self._fields("self/status").get("Threads") or threading.active_count()

    def cpu_seconds(self) -> float:
        """Seconds of CPU time that this process has used."""
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return usage.ru_utime + usage.ru_stime

    def open_files(self) -> int:
        """How many file descriptors are open; 0 where this is not known."""
        try:
            return len(os.listdir(f"{self._proc}/self/fd"))
        except OSError:
            return 0

    def _times(self) -> tuple[float, float]:
        """Busy and total time of all processors together, in any unit."""
        try:
            with open(f"{self._proc}/stat", encoding="ascii") as file:
                ticks = [int(word) for word in file.readline().split()[1:9]]
        except OSError:
            times = os.times()
            return times.user + times.system, times.elapsed * (os.cpu_count() or 1)
        total = sum(ticks)
        return total - ticks[3] - ticks[4], total

    def _fields(self, name: str) -> dict[str, int]:
        """The lines C{Name: number ...} of a file under /proc."""
        try:
            with open(f"{self._proc}/{name}", encoding="utf-8") as file:
                pairs = [line.split(":", 1) for line in file]
        except OSError:
            return {}
        words = [(pair[0], pair[1].split()) for pair in pairs if len(pair) == 2]
        return {key: int(found[0]) for key, found in words if found and found[0].isdigit()}
