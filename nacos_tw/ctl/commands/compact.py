"""C{nacosctl compact}."""

from __future__ import annotations

import click

from nacos_tw.ctl.admin_api import AdminApi
from nacos_tw.ctl.session import Session, Verb, pass_session


@click.command(cls=Verb)
@pass_session
def compact(session: Session) -> None:
    """Have every member save a snapshot and cut its log. They do so by themselves, too, when it has grown."""
    api = AdminApi(session.server)
    members = api.members()
    for each in members:
        api.order("doSnapshot", str(each["address"]) if len(members) > 1 else "")
        session.say(f"{each['address']} has saved a snapshot")
