"""C{nacosctl instance}."""

from __future__ import annotations

from typing import Any

import click

from nacos_tw.ctl.commands.addresses import GROUP, address_of
from nacos_tw.ctl.naming_api import ServiceName, as_instance, find_instance
from nacos_tw.ctl.session import Group, Session, pass_session

CLUSTER = click.option("--cluster", "-c", default="", help="The instance's cluster, where several have the address.")


@click.group(cls=Group)
def instance() -> None:
    """Take instances up and down, set weights."""


def _change(session: Session, service: str, address: str, group: str, cluster: str, **fields: Any) -> None:
    ip, port = address_of(address)
    wanted = ServiceName(service, group)
    row = find_instance(session.naming, wanted, ip, port, cluster)
    session.naming.change(wanted, as_instance({**row, **fields}))


@instance.command()
@click.argument("service")
@click.argument("address")
@GROUP
@CLUSTER
@pass_session
def up(session: Session, service: str, address: str, group: str, cluster: str) -> None:
    """Clients may call the instance at IP:PORT."""
    _change(session, service, address, group, cluster, enabled=True)
    session.say(f"{address} of {service} is up")


@instance.command()
@click.argument("service")
@click.argument("address")
@GROUP
@CLUSTER
@pass_session
def down(session: Session, service: str, address: str, group: str, cluster: str) -> None:
    """Clients are not to call it any more; it stays registered."""
    _change(session, service, address, group, cluster, enabled=False)
    session.say(f"{address} of {service} is down")


@instance.command()
@click.argument("service")
@click.argument("address")
@click.argument("value", type=click.FloatRange(0, 10000))
@GROUP
@CLUSTER
@pass_session
def weight(session: Session, service: str, address: str, value: float, group: str, cluster: str) -> None:
    """Set its weight, 0 to 10000."""
    _change(session, service, address, group, cluster, weight=value)
    session.say(f"{address} of {service} weighs {value:g}")
