"""C{nacosctl log}."""

from __future__ import annotations

import click

from nacos_tw.ctl.commands.endpoint import nodes_of
from nacos_tw.ctl.session import Group, Session, pass_session


@click.group(cls=Group)
def log() -> None:
    """Levels of a node's logs."""


@log.command()
@click.argument("name")
@click.argument("value", metavar="LEVEL", type=click.Choice(["debug", "info", "warn", "error"], case_sensitive=False))
@click.option("--all", "everywhere", is_flag=True, help="On every member, not only on the node that is asked.")
@pass_session
def level(session: Session, name: str, value: str, everywhere: bool) -> None:
    """Set the level of a log, until the node's restart."""
    clients = nodes_of(session) if everywhere else [(str(session.client.addresses[0]), session.client)]
    for address, client in clients:
        if session.server.api == "v3":
            answer = client.call("PUT", "/v3/admin/ns/ops/log", {"logName": name, "logLevel": value.upper()})
        else:
            answer = client.call("PUT", "/v1/ns/operator/log", {"logName": name, "logLevel": value.upper()})
        client.checked(answer, f"{address}: log {name}")
        session.say(f"{address}: {name} logs from {value} on")
