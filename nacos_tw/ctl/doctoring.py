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
from nacos_tw.ctl.failures import Failure, Unsupported
from nacos_tw.ctl.health import readiness
from nacos_tw.ctl.server import Server

OK, WARN, BAD = "ok", "warn", "BAD"
CONNECT = 3.0
"""Seconds for a connection."""
OFF = 2.0
"""Seconds that a clock may be off: answers have their times in whole seconds."""
SOON = 30
"""Days before its end from which on a certificate is told of."""
CONSOLE = 8080
"""The console's port in Nacos 3, which does not tell it."""
UNTOLD = "this server does not tell whether its console has another port"
SLOW = 50.0
"""Milliseconds that a round trip from a node to its database may take."""
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
        if extend.get("storageDiffers"):
            yield Finding("same everywhere", "storage", BAD, str(extend["storageDiffers"]))
        ready = list(_node(address, client))
        yield from ready
        if any(each.check == "clock" for each in ready):  # one that does not answer is not asked again and again
            yield from _console(client)
            yield from _database(address, client)
    yield from _alike(nodes)
    yield from _configs(server, nodes)


def _ports(address: str, extend: dict[str, Any], client: Client, cluster: bool) -> Iterator[Finding]:
    host, port = client.addresses[0].host, client.addresses[0].port
    wanted = {port: "HTTP", port + 1000: "gRPC"}
    if cluster:
        wanted[int(extend.get("raftPort") or port - 1000)] = "members"
    for number, what in sorted(wanted.items()):
        yield from _port(what, host, number, client.addresses[0].tls and what != "members")


def _port(what: str, host: str, number: int, tls: bool) -> Iterator[Finding]:
    target = _shown(host, number)
    began = time.monotonic()
    try:
        socket.create_connection((host, number), CONNECT).close()
    except OSError as error:
        yield Finding(f"port {what}", target, BAD, error.strerror or str(error))
        return
    millis = (time.monotonic() - began) * 1000
    yield Finding(f"port {what}", target, OK, f"{millis:.1f} ms")
    if tls:
        yield _certificate(host, number)


def _console(client: Client) -> Iterator[Finding]:
    """The console's own port, where the node says that it is; of Nacos, where it is by default."""
    here = client.addresses[0]
    try:
        told = client.data("GET", "/v3/admin/core/diagnostics/ports")
    except Unsupported:
        if Server(client).api != "v3":
            return  # the console is on the HTTP port
        told = None
    except Failure as error:
        yield Finding("port console", str(here), WARN, f"where it is cannot be asked: {error.message}")
        return
    if told is None:
        for each in _port("console", here.host, CONSOLE, False):
            yield each if each.result == OK else attrs.evolve(each, result=WARN, detail=f"{each.detail}; {UNTOLD}")
    elif told["console"]:
        yield from _port("console", here.host, told["console"], here.tls)
    else:
        detail = f"on port {told['http']}, it has none of its own" if told["pages"] else "this node serves none"
        yield Finding("port console", str(here), OK, detail)


def _database(address: str, client: Client) -> Iterator[Finding]:
    """What the node finds when it looks at its database."""
    try:
        found = client.data("GET", "/v3/admin/core/diagnostics/database")
    except Unsupported:
        return
    except Failure as error:
        yield Finding("database", address, WARN, f"the node cannot be asked for it: {error.message}")
        return
    if found["kind"] == "embedded":
        yield Finding("database", address, BAD if found["trouble"] else OK, found["trouble"] or "embedded")
    written = any(each["used"] and each["state"] == "WRITABLE" for each in found["databases"])
    for each in found["databases"]:
        yield _one_database(address, each, written)


def _one_database(address: str, found: dict[str, Any], written: bool) -> Finding:
    target = f"{address} to {_shown(found['host'], found['port'])}"
    millis = found["roundTripMillis"]
    if found["state"] == "DOWN" or not written:
        return Finding("database", target, WARN if written else BAD, found["reason"] or "it is not written to")
    slow = "; that is slow: every write takes several" if millis is not None and millis > SLOW else ""
    facts = f"{found['version']}, {found['collation']}, {millis} ms for a round trip{slow}"
    why = [text for text in (found["reason"], found["advice"]) if text]
    return Finding("database", target, WARN if why or slow else OK, "; ".join([facts, *why]))


def _shown(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _certificate(host: str, port: int) -> Finding:
    """When the certificate of a port ends."""
    from cryptography import x509

    target = _shown(host, port)
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
