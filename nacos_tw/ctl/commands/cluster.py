"""C{nacosctl member} and C{leader}."""

from __future__ import annotations

import time
from typing import Any

import click

from nacos_tw.ctl.admin_api import AdminApi, leader_of
from nacos_tw.ctl.failures import Failure, Unreachable
from nacos_tw.ctl.session import Group, Session, confirmed, pass_session

SHOWN = ("address", "state", "role", "version", "term", "raftPort")
IN_THE_LOG = ("name", "address", "raftAddress", "role", "leader", "state", "lag", "connected", "version", "id")
PATH = "/v3/admin/core/cluster/member"
TAKES = 10.0
"""Seconds that a new leader may take."""
FORCE = click.option("--force", is_flag=True, help="Although no live majority would be left.")
YES = click.option("--yes", "-y", is_flag=True, help="Do not ask.")
RAFT = click.option("--raft-address", help="The address of its Raft port, where it is not the usual one (port - 1000).")
ID = click.option("--id", "number", help="The id that the node has made, if it is known.")


@click.group(cls=Group)
def member() -> None:
    """The members of the cluster."""


@member.command("list")
@click.option("--log", "in_log", is_flag=True, help="As the log has them: voters and learners, their ids and lags.")
@pass_session
def list_members(session: Session, in_log: bool) -> None:
    """The members as the node that is asked sees them."""
    if in_log:
        found = session.server.own("members of the log", "GET", f"{PATH}/list")
        session.emit(found["members"], IN_THE_LOG)
        return
    members = AdminApi(session.server).members()
    leader = leader_of(members)
    session.emit([_row(each, leader) for each in members], SHOWN)


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


def _change(session: Session, method: str, below: str, text: str, force: bool, **values: Any) -> None:
    """Change the members by one entry of the log."""
    form = {**values, "force": force}
    given: dict[str, Any] = {"params": form} if method == "DELETE" else {"form": form}
    session.server.own("changes of members", method, f"{PATH}{below}", timeout=60.0, **given)
    session.say(text)


@member.command("add")
@click.argument("address")
@RAFT
@ID
@click.option("--voter", is_flag=True, help="It becomes a voter as soon as it has caught up.")
@FORCE
@pass_session
def add_member(
    session: Session, address: str, raft_address: str | None, number: str | None, voter: bool, force: bool
) -> None:
    """Take in the node at ADDRESS (ip:port), as a learner."""
    values = {"address": address, "raftAddress": raft_address, "id": number, "voter": voter}
    _change(
        session, "POST", "", f"{address} is a learner" + (", and will be a voter" if voter else ""), force, **values
    )


@member.command("promote")
@click.argument("name", metavar="MEMBER")
@FORCE
@pass_session
def promote_member(session: Session, name: str, force: bool) -> None:
    """Make a voter of a learner that has caught up."""
    _change(session, "PUT", "/promote", f"{name} is a voter", force, member=name)


@member.command("demote")
@click.argument("name", metavar="MEMBER")
@FORCE
@pass_session
def demote_member(session: Session, name: str, force: bool) -> None:
    """Make a learner of a voter; a leader hands over first."""
    _change(session, "PUT", "/demote", f"{name} is a learner", force, member=name)


@member.command("remove")
@click.argument("name", metavar="MEMBER")
@FORCE
@YES
@pass_session
def remove_member(session: Session, name: str, force: bool, yes: bool) -> None:
    """Take a member out; a leader hands over first. It cannot come back with its old data."""
    confirmed(yes, f"Remove member {name}?")
    _change(session, "DELETE", "", f"{name} is no member any more", force, member=name)


@member.command("replace")
@click.argument("name", metavar="MEMBER")
@click.argument("address", required=False)
@RAFT
@ID
@FORCE
@YES
@pass_session
def replace_member(
    session: Session,
    name: str,
    address: str | None,
    raft_address: str | None,
    number: str | None,
    force: bool,
    yes: bool,
) -> None:
    """Put a node in the place of MEMBER, which is dead: at ADDRESS, or at the old one with an empty disk."""
    confirmed(yes, f"Replace member {name}? Its old data is of no use afterwards.")
    values = {"member": name, "address": address, "raftAddress": raft_address, "id": number}
    _change(session, "PUT", "/replace", f"{address or name} takes the place of {name}", force, **values)


@member.command("update")
@click.argument("name", metavar="MEMBER")
@click.argument("address")
@RAFT
@FORCE
@pass_session
def update_member(session: Session, name: str, address: str, raft_address: str | None, force: bool) -> None:
    """Say that MEMBER is at ADDRESS (ip:port) now."""
    values = {"member": name, "address": address, "raftAddress": raft_address}
    _change(session, "PUT", "", f"{name} is at {address}", force, **values)


@click.group(cls=Group)
def leader() -> None:
    """The leader of the cluster."""


@leader.command("show")
@pass_session
def show_leader(session: Session) -> None:
    """Which member leads."""
    found = AdminApi(session.server).members()
    address = leader_of(found)
    if not address:
        raise Unreachable("no leader is known")
    session.emit([_row(each, address) for each in found if each.get("address") == address], SHOWN)


@leader.command("transfer")
@click.argument("target", metavar="[MEMBER]", required=False, default="")
@pass_session
def transfer_lead(session: Session, target: str) -> None:
    """Have MEMBER lead, or the one that is furthest; waits until another one does."""
    api = AdminApi(session.server)
    before = leader_of(api.members())
    if target and target == before:
        session.say(f"{target} leads already")
        return
    api.order("transferLeader", target)
    end = time.monotonic() + TAKES
    while time.monotonic() < end:
        now = leader_of(api.members())
        if now and (now == target if target else now != before):
            session.say(f"{now} leads")
            return
        time.sleep(0.2)
    raise Failure(f"{before or 'nobody'} still leads")
