"""C{nacosctl member} and C{leader}."""

from __future__ import annotations

from typing import Any

import click

from nacos_tw.ctl.admin_api import AdminApi, leader_of
from nacos_tw.ctl.failures import Failure, Unreachable
from nacos_tw.ctl.session import Group, Session, pass_session

SHOWN = ("address", "state", "role", "version", "term", "raftPort")
TAKES = 10.0
"""Seconds that a new leader may take."""


@click.group(cls=Group)
def member() -> None:
    """The members of the cluster."""


@member.command("list")
@pass_session
def list_members(session: Session) -> None:
    """The members as the node that is asked sees them."""
    found = AdminApi(session.server).members()
    leader = leader_of(found)
    session.emit([_row(each, leader) for each in found], SHOWN)


def _row(member: dict[str, Any], leader: str) -> dict[str, Any]:
    extend = member.get("extendInfo") or {}
    groups = list(((extend.get("raftMetaData") or {}).get("metaDataMap") or {}).values())
    return {
        "address": member.get("address", ""),
        "state": member.get("state", ""),
        "role": "LEADER" if member.get("address") == leader else extend.get("raftRole") or "FOLLOWER",
        "version": extend.get("version", ""),
        "term": groups[0].get("term") if groups else None,
        "raftPort": extend.get("raftPort", ""),
    }


@click.group(cls=Group)
def leader() -> None:
    """The leader of the cluster."""


@leader.command()
@pass_session
def show(session: Session) -> None:
    """Which member leads."""
    found = AdminApi(session.server).members()
    address = leader_of(found)
    if not address:
        raise Unreachable("no leader is known")
    session.emit([_row(each, address) for each in found if each.get("address") == address], SHOWN)


@leader.command()
@click.argument("target", metavar="[MEMBER]", required=False, default="")
@pass_session
def transfer(session: Session, target: str) -> None:
    """Have MEMBER lead, or the one that is furthest; waits until another one does."""
    import time

    api = AdminApi(session.server)
    before = leader_of(api.members())
    api.order("transferLeader", target)
    end = time.monotonic() + TAKES
    while time.monotonic() < end:
        now = leader_of(api.members())
        if now and (now == target if target else now != before):
            session.say(f"{now} leads")
            return
        if target and target == before:
            break
        time.sleep(0.2)
    if target and target == before:
        session.say(f"{target} leads already")
        return
    raise Failure(f"{before or 'nobody'} still leads")
