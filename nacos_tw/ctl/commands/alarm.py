"""C{nacosctl alarm}."""

from __future__ import annotations

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


@click.group(cls=Group)
def alarm() -> None:
    """What is wrong with the nodes now."""


@alarm.command("list")
@pass_session
def list_alarms(session: Session) -> None:
    """Every alarm of every node; the exit status is 6 if there is one. They end with their causes."""
    found = [each for node in nodes_of(session) for each in _of(*node)]
    session.emit(found, ("node", "alarm", "detail"))
    if found:
        raise Differs(f"{len(found)} alarms")


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
