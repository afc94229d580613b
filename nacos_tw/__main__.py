"""``python -m nacos_tw``: one node in the foreground, as bin/startup.sh runs it.

It does what ``twistd -n nacos`` does, without looking for plugins and reactors first, which saves
a quarter of the start.
"""

from __future__ import annotations

import ctypes
import gc
import io
import os
import sys
from collections.abc import Sequence
from typing import cast

from nacos_tw import tls_on_demand

tls_on_demand.hide()  # before Twisted is loaded

# isort: split
from twisted.internet.interfaces import IReactorCore
from twisted.logger import globalLogBeginner
from twisted.python import usage
from twisted.python.failure import Failure

from nacos_tw.errors import StartError
from nacos_tw.logs import Console
from nacos_tw.notify import notify
from nacos_tw.options import Options, find_home
from nacos_tw.starting import Node, one_line_errors


class PidFile:
    """C{data/nacos.pid} of a home: there while the node runs, so that the scripts find it."""

    def __init__(self, home: str) -> None:
        self.name = os.path.join(home, "data", "nacos.pid")

    def write(self) -> None:
        """
        Say that this process is the node of that home. The file appears whole.

        @raise StartError: it cannot be written.
        """
        temporary = f"{self.name}.{os.getpid()}"
        try:
            os.makedirs(os.path.dirname(self.name), exist_ok=True)
            with open(temporary, "w") as file:
                file.write(f"{os.getpid()}\n")
            os.replace(temporary, self.name)
        except OSError as error:
            raise StartError(f"{self.name}: cannot be written: {error.strerror or error}") from None

    def remove(self) -> None:
        """Take it away, unless it is another process's by now."""
        try:
            with open(self.name) as file:
                mine = file.read().strip() == str(os.getpid())
            if mine:
                os.unlink(self.name)
        except OSError:
            pass


M_MMAP_THRESHOLD = -3
"""Of glibc's malloc.h."""
LARGE = 1024 * 1024
"""Bytes of a value that is not worth keeping for the next one."""


def give_back_memory() -> None:
    """
    The modules are loaded and stay: the garbage collector need not look at them again, and what their
    loading left free goes back to the system where the C library can do that. So does each large value from now on:
    glibc would learn from the first that is freed to keep the next ones.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)  # by default it looks for garbage every few requests
    try:
        library = ctypes.CDLL(None)
        library.mallopt(M_MMAP_THRESHOLD, LARGE)
        library.malloc_trim(0)
    except (AttributeError, OSError):
        pass  # not glibc


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run a node until SIGTERM or SIGINT.

    @param arguments: those of the command line if None.
    @return: the exit status. A start that fails raises SystemExit with one line instead.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    if list(arguments[:1]) == ["recover"]:
        from nacos_tw.recover import main as recover

        return recover(arguments[1:])
    if list(arguments[:1]) == ["health"]:
        from nacos_tw.health import main as health

        return health(arguments[1:])
    if list(arguments[:1]) == ["member"]:
        from nacos_tw.relocate import main as relocate

        return relocate(list(arguments[1:]))
    options = Options()
    try:
        options.parseOptions(arguments)
    except usage.UsageError as error:
        raise SystemExit(options.refusal(str(error))) from None
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # an ASCII locale must not cost a line
    globalLogBeginner.beginLoggingTo([Console(sys.stdout)], redirectStandardIO=False)
    if sys.platform == "linux":
        from nacos_tw import polling

        polling.install()
    from twisted.internet import reactor

    from nacos_tw.service import makeService

    core = cast(IReactorCore, reactor)
    with one_line_errors():
        node = makeService(options)
        pid_file = PidFile(find_home(options, os.environ))
        node.privilegedStartService()
        node.startService()
        if node.started.called:
            pid_file.write()
        else:  # it waits for its database, or until it is ready
            node.started.addCallback(lambda _: pid_file.write()).addErrback(_not_written, node, core)
    node.started.addCallback(lambda _: notify("READY=1", os.environ))
    give_back_memory()
    core.addSystemEventTrigger("before", "shutdown", lambda: notify("STOPPING=1", os.environ))
    core.addSystemEventTrigger("before", "shutdown", node.stopService)
    try:
        core.run()
    finally:
        pid_file.remove()
    return node.exit_code


def _not_written(failure: Failure, node: Node, core: IReactorCore) -> None:
    node.fail(core, failure.value or failure)


if __name__ == "__main__":
    sys.exit(main())
