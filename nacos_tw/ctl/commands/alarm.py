"""C{nacosctl alarm}."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import click

from nacos_tw.ctl.client import Client
from nacos_tw.ctl.commands.endpoint import nodes_of
from nacos_tw.ctl.failures import Differs, Failure
from nacos_tw.ctl.health import readiness, samples
from nacos_tw.ctl.session import Group, Session, pass_session

NOTED = {
    "nacos_raft_recovering": "RECOVERING",
    "nacos_raft_contradictions_total": "CONTRADICTION",
    "nacos_state_differs": "DIFFERS",
    "nacos_disk_alarm": "NOSPACE",
}
"""Metrics that are above 0 where something is wrong."""
ENDS = {
    "RECOVERING": "the node has what its leader has",
    "CONTRADICTION": "the node is started anew",
    "DIFFERS": "a comparison finds its state to be the others'",
    "NOSPACE": "there is room on the disk of its data",
    "UNREADY": "what the text says is over",
    "UNREACHABLE": "the node answers",
}
"""What ends each alarm."""
LOOKS = 6.0
"""Seconds in which every node has looked at its disk again."""
PAUSE = 0.5
"""Seconds between two looks at the nodes."""


@click.group(cls=Group)
def alarm() -> None:
    """What is wrong with the nodes now."""


@alarm.command("list")
@pass_session
def list_alarms(session: Session) -> None:
    """Every alarm of every node; the exit status is 6 if there is one. They end with their causes."""
    found = _all(session)
    session.emit(found, ("node", "alarm", "detail"))
    if found:
        raise Differs(f"{len(found)} alarms")


@alarm.command()
@pass_session
def disarm(session: Session) -> None:
    """Look again at once, for some seconds, and list what still holds; the exit status is 1 if something does.

    Alarms end with their causes, and none is switched off while its cause is there: the last column says what ends it.
    States that differed are compared anew.
    """
    found = _all(session)
    if any(each["alarm"] == "DIFFERS" for each in found):
        with contextlib.suppress(Failure):  # then it stays
            session.client.data("POST", "/v3/admin/core/raft/hash")
    end = time.monotonic() + LOOKS
    while found and time.monotonic() < end:
        time.sleep(PAUSE)
        found = _all(session)
    session.emit([{**each, "ends": ENDS[each["alarm"]]} for each in found], ("node", "alarm", "detail", "ends"))
    if found:
        raise Failure(f"{len(found)} alarms remain: they end with their causes")


def _all(session: Session) -> list[dict[str, Any]]:
    return [each for node in nodes_of(session) for each in _of(*node)]


def _of(address: str, client: Client) -> list[dict[str, Any]]:
    try:
        why = readiness(client)
        metrics = samples(client.call("GET", "/actuator/prometheus").text)
    except Failure as error:
        return [{"node": address, "alarm": "UNREACHABLE", "detail": error.message}]
    found = [
        {"node": address, "alarm": name, "detail": metric} for metric, name in NOTED.items() if metrics.get(metric)
    ]
    if why:
        found.append({"node": address, "alarm": "UNREADY", "detail": why})
    return found
