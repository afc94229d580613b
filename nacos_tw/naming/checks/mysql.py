"""MYSQL: the checker's command must run on the server at the instance's address."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger

from nacos_tw.naming.checkers import Mysql
from nacos_tw.naming.checks.result import TIMEOUT, Outcome, ProbeResult

READ_ONLY = "show global variables where variable_name='read_only'"
"""The command whose answer is looked at: a read-only server is a slave."""

log = Logger()
_missing_driver_told = False


def load_driver() -> Any:
    """
    PyMySQL, which is not needed by anything else here, so only loaded at the first probe.

    @raise ImportError: it is not installed.
    """
    return importlib.import_module("pymysql")


def timed_out(error: BaseException | None) -> bool:
    """Whether a timeout lies behind an error of the driver."""
    depth = 0
    while error is not None and depth < 50:
        if isinstance(error, TimeoutError):
            return True
        error = getattr(error, "original_exception", None) or error.__cause__ or error.__context__
        depth += 1
    return False


def check(driver: Any, host: str, port: int, checker: Mysql) -> ProbeResult:
    """Connect and run the command. Blocks; for a thread."""
    try:
        connection = driver.connect(
            host=host,
            port=port,
            user=checker.user or "",
            password=checker.pwd or "",
            connect_timeout=TIMEOUT,
            read_timeout=TIMEOUT,
            write_timeout=TIMEOUT,
        )
        try:
            with connection.cursor() as cursor:
                cursor.execute(checker.cmd or "")
                row = cursor.fetchone() if checker.cmd == READ_ONLY else None
        finally:
            connection.close()
    except driver.Error as error:
        if timed_out(error):
            return ProbeResult(Outcome.FAIL, "timeout")
        return ProbeResult(Outcome.FAIL_NOW, f"{type(error).__name__}:{error}")
    except Exception as error:
        return ProbeResult(Outcome.FAIL, f"error:{error}")
    if row is not None and len(row) > 1 and str(row[1]).upper() == "ON":
        return ProbeResult(Outcome.FAIL, "current node is slave!")
    return ProbeResult(Outcome.OK, "ok")


async def probe_mysql(
    reactor: Any, host: str, port: int, checker: Mysql, load: Callable[[], Any] = load_driver
) -> ProbeResult:
    """
    Whether the command runs, in a thread of the reactor's.

    @param load: gives the driver, a DB-API module.
    """
    global _missing_driver_told
    try:
        driver = load()
    except ImportError:
        if not _missing_driver_told:
            _missing_driver_told = True
            log.warn("instances with the MYSQL health checker cannot be probed: PyMySQL is not installed")
        return ProbeResult(Outcome.FAIL, "error:PyMySQL is not installed")
    pool = reactor.getThreadPool()
    done: Deferred[ProbeResult] = deferToThreadPool(reactor, pool, check, driver, host, port, checker)
    return await done
