"""C{nacosctl doctor}."""

from __future__ import annotations

import attrs
import click

from nacos_tw.ctl.commands.endpoint import nodes_of
from nacos_tw.ctl.failures import Differs
from nacos_tw.ctl.session import Session, Verb, pass_session


@click.command(cls=Verb)
@click.option("--all", "everything", is_flag=True, help="Show what is well, too.")
@pass_session
def doctor(session: Session, everything: bool) -> None:
    """Look for trouble at every member, from here: its ports, whether it can do its work, its clock, its certificates,
    its database; and whether all have the same version, settings and configs. The exit status is 6 if something is
    bad."""
    from nacos_tw.ctl.doctoring import BAD, OK, examine

    found = list(examine(session.server, nodes_of(session)))
    shown = [
        attrs.asdict(each) for each in found if everything or each.result != OK or session.target.output != "table"
    ]
    if shown:
        session.emit(shown, ("result", "check", "target", "detail"))
    bad = sum(each.result == BAD for each in found)
    if bad:
        raise Differs(f"{bad} of {len(found)} checks are bad")
    session.say(f"{len(found)} checks, nothing is bad")
