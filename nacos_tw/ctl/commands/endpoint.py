"""C{nacosctl endpoint}: every node is asked by itself."""

from __future__ import annotations

import time
from typing import Any

import click

from nacos_tw.ctl.admin_api import AdminApi
from nacos_tw.ctl.client import Client
from nacos_tw.ctl.failures import Differs, Failure, Unreachable, Unsupported
from nacos_tw.ctl.health import readiness, samples
from nacos_tw.ctl.session import Group, Session, pass_session

STATUS = ("endpoint", "version", "role", "term", "applied", "commit", "lag", "logBytes", "ready")


@click.group(cls=Group)
def endpoint() -> None:
    """The state of every node."""


def nodes_of(session: Session) -> list[tuple[str, Client]]:
    """The members that the cluster names, each with a client of it alone."""
    found = [str(each["address"]) for each in AdminApi(session.server).members()]
    if len(found) == 1:  # a node that stands alone may know itself by an address that is not reached from here
        return [(str(session.client.addresses[0]), session.client)]
    return [(address, session.client.of(address)) for address in found]


def _status(address: str, client: Client) -> dict[str, Any]:
    try:
        why = readiness(client)
        found = samples(client.call("GET", "/actuator/prometheus").text)
        version = str((client.call("GET", "/v1/console/server/state").json() or {}).get("version", ""))
    except Failure as error:
        return {"endpoint": address, "ready": f"no: {error.message}"}
    applied, commit = (found.get(f"nacos_raft_{name}_index") for name in ("applied", "leader_commit"))
    return {
        "endpoint": address,
        "version": version,
        "role": "LEADER" if found.get("nacos_raft_leader") else "FOLLOWER",
        **{name: _whole(found.get(f"nacos_raft_{key}")) for name, key in
           (("term", "term"), ("applied", "applied_index"), ("commit", "commit_index"), ("logBytes", "log_bytes"))},
        "lag": None if applied is None or commit is None else max(0, int(commit - applied)),
        "ready": f"no: {why}" if why else "yes",
    }  # fmt: skip


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


@endpoint.command("status")
@pass_session
def endpoint_status(session: Session) -> None:
    """Version, role, term and log of every node."""
    session.emit([_status(*node) for node in nodes_of(session)], STATUS)


@endpoint.command()
@pass_session
def health(session: Session) -> None:
    """Whether every node answers and can do its work; the exit status is 5 if one cannot."""
    rows = []
    for address, client in nodes_of(session):
        began = time.monotonic()
        try:
            why = readiness(client)
        except Failure as error:
            why = error.message
        took = round((time.monotonic() - began) * 1000, 1)
        rows.append({"endpoint": address, "healthy": not why, "millis": took, "reason": why})
    session.emit(rows, ("endpoint", "healthy", "millis", "reason"))
    sick = [row["endpoint"] for row in rows if not row["healthy"]]
    if sick:
        raise Unreachable(f"{', '.join(map(str, sick))}: not healthy")


@endpoint.command()
@pass_session
def hashkv(session: Session) -> None:
    """A hash of every node's state after the same entry of the log, compared; the exit status is 6 if one differs.

    A node that differs from the majority of the voters sets its state aside and takes over the leader's.
    """
    if session.server.api != "v3":
        raise Unsupported("the server has no v3, which states are compared by")
    found = session.client.data("POST", "/v3/admin/core/raft/hash")
    rows = [_hashes(int(found["index"]), each) for each in found["members"]]
    session.emit(rows, ("node", "index", "hash", "differs", "mended"))
    if found["undecided"]:
        raise Differs(f"no majority has the same: {', '.join(found['undecided'])}; nobody knows which node is right")
    differing = [row["node"] for row in rows if row["differs"]]
    if differing:
        raise Differs(f"{', '.join(differing)}: another state than the majority's")


def _hashes(index: int, member: dict[str, Any]) -> dict[str, Any]:
    parts = member["parts"]
    text = " ".join(f"{part}:{value[:8]}" for part, value in sorted(parts.items()))
    differs, mended = ", ".join(member["differs"]), "yes" if member["mended"] else "no" if member["differs"] else ""
    return {"node": member["name"], "index": index, "hash": text or "no answer", "differs": differs, "mended": mended,
            "parts": parts}  # fmt: skip
