"""C{nacosctl check}."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import click

from nacos_tw.ctl.client import Client
from nacos_tw.ctl.configs_api import ConfigsApi, configs_api
from nacos_tw.ctl.failures import Differs, Failure
from nacos_tw.ctl.server import Server
from nacos_tw.ctl.session import Group, Session, pass_session

MARK = "NACOSCTL_CHECK"
"""The group of the configs that are written for a while."""


@click.group(cls=Group)
def check() -> None:
    """Measure how fast the cluster is."""


@check.command()
@click.option("--seconds", default=5.0, show_default=True, help="How long each part takes.")
@click.option("--clients", default=4, show_default=True, help="How many ask at once.")
@click.option("--write-p99", default=1000.0, show_default=True, help="Milliseconds in which 99 of 100 writes are done.")
@click.option("--read-p99", default=500.0, show_default=True, help="The same for reads.")
@pass_session
def perf(session: Session, seconds: float, clients: int, write_p99: float, read_p99: float) -> None:
    """Publish and read small configs for some seconds, and remove them. The exit status is 6 if it is too slow."""
    apis = [_another(session) for _ in range(clients)]
    try:
        rows = [
            _measure("write", apis, seconds, write_p99, lambda api, n, turn: _publish(api, n, turn)),
            _measure("read", apis, seconds, read_p99, lambda api, n, turn: _read(api, n)),
        ]
    finally:
        for number, api in enumerate(apis):
            api.remove(api.key(f"check-{number}", MARK))
    session.emit(
        rows, ("what", "count", "errors", "perSecond", "p50Millis", "p99Millis", "maxMillis", "limit", "passed")
    )
    if not all(row["passed"] for row in rows):
        raise Differs("too slow, or errors")


def _another(session: Session) -> ConfigsApi:
    client = Client(session.target)
    client.take_login(session.client)
    server = Server(client)
    server.__dict__["api"] = session.server.api
    return configs_api(server, session.target.namespace)


def _publish(api: ConfigsApi, number: int, turn: int) -> None:
    api.put(api.key(f"check-{number}", MARK), f"{turn}:" + "x" * 200, {}, {})


def _read(api: ConfigsApi, number: int) -> None:
    api.get(api.key(f"check-{number}", MARK))


def _measure(
    what: str, apis: list[ConfigsApi], seconds: float, limit: float, do: Callable[[ConfigsApi, int, int], None]
) -> dict[str, Any]:
    times: list[float] = []
    errors: list[str] = []
    end = time.monotonic() + seconds

    def work(number: int, api: ConfigsApi) -> None:
        turn = 0
        while time.monotonic() < end or not turn:
            began, turn = time.monotonic(), turn + 1
            try:
                do(api, number, turn)
            except Failure as error:
                errors.append(error.message)
                if len(errors) > 100:
                    return
            else:
                times.append((time.monotonic() - began) * 1000)

    began = time.monotonic()
    threads = [threading.Thread(target=work, args=each) for each in enumerate(apis)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - began
    times.sort()
    at = (
        (lambda share: round(times[min(len(times) - 1, int(len(times) * share))], 1)) if times else (lambda share: None)
    )
    return {
        "what": what, "count": len(times), "errors": len(errors), "perSecond": round(len(times) / took, 1),
        "p50Millis": at(0.5), "p99Millis": at(0.99), "maxMillis": at(1.0), "limit": limit,
        "passed": bool(times) and not errors and times[min(len(times) - 1, int(len(times) * 0.99))] <= limit,
    }  # fmt: skip
