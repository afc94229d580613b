"""C{nacosctl service}."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import click

from nacos_tw.ctl.commands.addresses import GROUP, address_of, metadata_of
from nacos_tw.ctl.naming_api import ServiceName
from nacos_tw.ctl.session import Group, Session, interruptible, pass_session

HOSTS = ("ip", "port", "cluster", "healthy", "enabled", "weight", "ephemeral", "metadata")
BEAT = 5.0
"""Seconds between two heartbeats."""


@click.group(cls=Group)
def service() -> None:
    """List, register and watch services."""


@service.command("list")
@click.option("--name", default="", help="A part of the names that are wanted.")
@click.option("--group", "-g", default="", help="A part of the groups that are wanted.")
@click.option("--no-empty", is_flag=True, help="Only services with instances.")
@pass_session
def list_services(session: Session, name: str, group: str, no_empty: bool) -> None:
    """The services of a namespace."""
    found = list(session.naming.all(name, group, not no_empty))
    session.emit(found, ("name", "group", "clusters", "instances", "healthy"))


@service.command("get")
@click.argument("name")
@GROUP
@pass_session
def get_service(session: Session, name: str, group: str) -> None:
    """A service's instances; with -o json or yaml its settings, too."""
    wanted = ServiceName(name, group)
    settings = session.naming.service(wanted)
    hosts = session.naming.hosts(wanted)
    if session.target.output == "table":
        session.emit(hosts, HOSTS)
    else:
        session.emit({"service": settings, "instances": hosts})


@service.command()
@click.argument("name")
@click.argument("address")
@GROUP
@click.option("--cluster", "-c", default="DEFAULT", show_default=True, help="The instance's cluster.")
@click.option("--weight", default=1.0, show_default=True, help="Its weight, 0 to 10000.")
@click.option("--meta", "-m", multiple=True, metavar="KEY=VALUE", help="Its metadata.")
@click.option("--down", is_flag=True, help="It is not to be called yet.")
@click.option("--ephemeral", is_flag=True, help="It ends if nobody sends heartbeats for it.")
@click.option("--keep", is_flag=True, help="Send them, until Ctrl-C or SIGTERM; then it is taken away.")
@pass_session
def register(session: Session, name: str, address: str, group: str, **options: Any) -> None:
    """Register the instance at IP:PORT. It is a persistent one but for --ephemeral and --keep."""
    ip, port = address_of(address)
    wanted, keep = ServiceName(name, group), options["keep"]
    instance = {
        "ip": ip, "port": port, "clusterName": options["cluster"], "weight": options["weight"],
        "enabled": not options["down"], "ephemeral": keep or options["ephemeral"],
        "metadata": json.dumps(metadata_of(options["meta"]), ensure_ascii=False),
    }  # fmt: skip
    if not keep:
        session.naming.register(wanted, instance)
        session.say(f"registered {ip}:{port} for {name}")
        return
    with interruptible():
        try:
            session.naming.register(wanted, instance)
            session.say(f"registered {ip}:{port} for {name}")
            while True:
                time.sleep(BEAT)
                session.naming.beat(wanted, instance)
        finally:
            session.naming.deregister(wanted, _named(instance))


@service.command()
@click.argument("name")
@click.argument("address", required=False)
@GROUP
@click.option("--cluster", "-c", default="", help="The instance's cluster.")
@pass_session
def deregister(session: Session, name: str, address: str | None, group: str, cluster: str) -> None:
    """Take away the instance at IP:PORT; without one: remove the service, which must be empty."""
    wanted = ServiceName(name, group)
    if address is None:
        session.naming.remove(wanted)
        session.say(f"removed {name}")
        return
    ip, port = address_of(address)
    gone = [
        row for row in session.naming.hosts(wanted)
        if (row["ip"], row["port"]) == (ip, port) and cluster in ("", row["cluster"])
    ]  # fmt: skip
    for row in gone:
        named = {"ip": ip, "port": port, "clusterName": row["cluster"], "ephemeral": row["ephemeral"]}
        session.naming.deregister(wanted, named)
    session.say(f"took {ip}:{port} away from {name}" if gone else f"{name} has no instance {ip}:{port}")


def _named(instance: dict[str, Any]) -> dict[str, Any]:
    return {name: instance[name] for name in ("ip", "port", "clusterName", "ephemeral")}


@service.command("watch")
@click.argument("name")
@GROUP
@click.option("--interval", default=2.0, show_default=True, help="Seconds between two looks.")
@click.option("--once", is_flag=True, help="End after the first change.")
@pass_session
def watch_service(session: Session, name: str, group: str, interval: float, once: bool) -> None:
    """Show which instances come, go and change, until Ctrl-C."""
    wanted = ServiceName(name, group)
    known: dict[str, dict[str, Any]] | None = None
    with interruptible():
        while True:
            now = {f"{row['ip']}:{row['port']}@{row['cluster']}": row for row in session.naming.hosts(wanted)}
            changes = _changes(known or {}, now)
            for change in changes:
                _tell(session, change)
            if once and changes and known is not None:
                return
            known = now
            time.sleep(interval)


def _tell(session: Session, change: dict[str, Any]) -> None:
    if session.target.output == "table":
        state = ("healthy" if change["healthy"] else "unhealthy") + ("" if change["enabled"] else " down")
        click.echo(f"{change['change']:8}{change['ip']}:{change['port']} {change['cluster']} {state}")
    else:
        click.echo(json.dumps(change, ensure_ascii=False))
    sys.stdout.flush()


def _changes(before: dict[str, dict[str, Any]], now: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """What came, changed and went."""
    found = [
        {"change": "changed" if key in before else "came", **row}
        for key, row in now.items() if row != before.get(key)
    ]  # fmt: skip
    return found + [{"change": "went", **row} for key, row in before.items() if key not in now]
