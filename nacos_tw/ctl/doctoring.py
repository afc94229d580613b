"""What C{nacosctl doctor} looks at: every member from here, and whether they agree."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any

import attrs

from nacos_tw.ctl.admin_api import AdminApi, leader_of
from nacos_tw.ctl.client import Client
from nacos_tw.ctl.failures import Failure
from nacos_tw.ctl.health import readiness
from nacos_tw.ctl.server import Server

OK, WARN, BAD = "ok", "warn", "BAD"
CONNECT = 3.0
"""Seconds for a connection."""
OFF = 2.0
"""Seconds that a clock may be off: answers have their times in whole seconds."""
SOON = 30
"""Days before its end from which on a certificate is told of."""
STATE = ("startup_mode", "function_mode", "auth_enabled", "auth_system_type")
"""What all members must say alike of their settings."""


@attrs.frozen
class Finding:
    """One thing that was looked at."""

    check: str
    target: str
    result: str
    detail: str = ""


def examine(server: Server, nodes: list[tuple[str, Client]]) -> Iterator[Finding]:
    """Look at everything; what cannot be looked at is a finding, too."""
    members = {str(each.get("address")): each for each in AdminApi(server).members()}
    leader = leader_of(list(members.values()))
    yield Finding("leader", leader or "-", OK if leader else BAD, "" if leader else "no member leads")
    for address, client in nodes:
        extend = (members.get(address) or {}).get("extendInfo") or {}
        yield from _ports(address, extend, client, len(nodes) > 1)
        yield from _node(address, client)
    yield from _alike(nodes)
    yield from _configs(server, nodes)


def _ports(address: str, extend: dict[str, Any], client: Client, cluster: bool) -> Iterator[Finding]:
    host, port = client.addresses[0].host, client.addresses[0].port
    wanted = {port: "HTTP", port + 1000: "gRPC"}
    if cluster:
        wanted[int(extend.get("raftPort") or port - 1000)] = "members"
    for number, what in sorted(wanted.items()):
        began = time.monotonic()
        try:
            socket.create_connection((host, number), CONNECT).close()
        except OSError as error:
            yield Finding(f"port {what}", f"{host}:{number}", BAD, error.strerror or str(error))
            continue
        millis = (time.monotonic() - began) * 1000
        yield Finding(f"port {what}", f"{host}:{number}", OK, f"{millis:.1f} ms")
        if client.addresses[0].tls and what != "members":
            yield _certificate(host, number)


def _certificate(host: str, port: int) -> Finding:
    """When the certificate of a port ends."""
    from cryptography import x509

    target = f"{host}:{port}"
    try:
        text = ssl.get_server_certificate((host, port), timeout=CONNECT)
        ends = x509.load_pem_x509_certificate(text.encode()).not_valid_after_utc
    except (OSError, ValueError) as error:
        return Finding("certificate", target, BAD, str(error))
    days = (ends - datetime.now(timezone.utc)).days
    result = BAD if days < 0 else WARN if days < SOON else OK
    return Finding("certificate", target, result, f"ends {ends:%Y-%m-%d}, in {days} days")


def _node(address: str, client: Client) -> Iterator[Finding]:
    """Whether it can do its work, and what its clock says."""
    try:
        why = readiness(client)
        before = time.time()
        answer = client.call("GET", "/v1/console/health/liveness")
        here = (before + time.time()) / 2
    except Failure as error:
        yield Finding("ready", address, BAD, error.message)
        return
    yield Finding("ready", address, BAD if why else OK, why)
    said = answer.headers.get("date")
    if said:
        off = parsedate_to_datetime(said).timestamp() + 0.5 - here
        yield Finding("clock", address, WARN if abs(off) > OFF else OK, f"{off:+.1f} s from here")


def _alike(nodes: Iterable[tuple[str, Client]]) -> Iterator[Finding]:
    """Versions and settings that must be the same on all."""
    said: dict[str, dict[str, Any]] = {}
    for address, client in nodes:
        try:
            said[address] = dict(Server(client).state)
        except Failure:
            continue
    for name in ("version", *STATE):
        values = {address: str(each.get(name)) for address, each in said.items()}
        if len(set(values.values())) > 1:
            detail = ", ".join(f"{address}: {value}" for address, value in values.items())
            yield Finding("same everywhere", name, WARN if name == "version" else BAD, detail)
    if said:
        versions = sorted({str(each.get("version")) for each in said.values()})
        yield Finding("version", f"{len(said)} nodes", OK, ", ".join(versions))


def _configs(server: Server, nodes: list[tuple[str, Client]]) -> Iterator[Finding]:
    """Whether every node has the same configs, by their md5."""
    if len(nodes) < 2 or server.api != "v3":
        return
    for space in AdminApi(server).namespaces():
        found: dict[str, dict[str, str]] = {}
        for address, client in nodes:
            try:
                rows = client.data("GET", "/v3/admin/cs/history/configs", {"namespaceId": space["id"]})
            except Failure as error:
                yield Finding("configs", f"{space['id']} at {address}", WARN, error.message)
                continue
            found[address] = {f"{each['groupName']}/{each['dataId']}": each["md5"] for each in rows}
        if not found:
            continue
        first = next(iter(found.values()))
        different = {
            key for each in found.values() for key in set(each) | set(first) if each.get(key) != first.get(key)
        }
        detail = (
            f"{len(different)} differ: {', '.join(sorted(different)[:5])}" if different else f"{len(first)} configs"
        )
        yield Finding("configs", space["id"], WARN if different else OK, detail)
