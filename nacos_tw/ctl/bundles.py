"""What C{nacosctl debug dump} gathers, without secrets."""

from __future__ import annotations

import io
import json
import os
import re
import tarfile
import time
from collections.abc import Iterable, Iterator
from typing import Any

from nacos_tw.ctl.client import Client
from nacos_tw.ctl.failures import Failure

ASKED = {
    "state.json": "/v3/admin/core/state",
    "readiness.json": "/v3/admin/core/state/readiness",
    "members.json": "/v3/admin/core/cluster/node/list",
    "raft.json": "/v1/ns/raft/state",
    "switches.json": "/v3/admin/ns/ops/switches",
    "counts.json": "/v3/admin/ns/ops/metrics?onlyStatus=false",
    "connections.json": "/v3/admin/core/loader/cluster",
    "config-health.txt": "/v1/cs/health",
    "metrics.txt": "/actuator/prometheus",
}
"""What each node is asked for: the file, and the path."""
KEPT = ("conf/application.properties", "conf/cluster.conf", "logs/start.out", "logs/nacos.log", "logs/audit.log")
TAIL = 2 * 1024 * 1024
"""Bytes of the end of a log."""
REMOVED = "***"
SECRET = re.compile(
    r"(?im)^(?P<key>[\w.\[\]-]*(?:password|passwd|secret|token|credential|private|identity\.value|identity\.key)[\w.\[\]-]*)"
    r"(?P<sign>\s*[=:]\s*)(?P<value>[^\n]+)$"
)
INLINE = re.compile(
    r"(?i)(?P<key>(?:password|passwd|secret|accesstoken|token)[\"']?\s*[=:]\s*[\"']?)(?P<value>[^\s\"'&,;}]+)"
)
USERINFO = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*://)[^/\s:@]+:[^/\s@]+@")
BEARER = re.compile(r"(?i)(bearer\s+)[A-Za-z0-9._~+/=-]{8,}")
JWT = re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*")
HASH = re.compile(r"\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}")


def without_secrets(text: str) -> str:
    """The text with what looks like a secret taken out: values of such keys, passwords in addresses, tokens, hashes."""
    text = SECRET.sub(rf"\g<key>\g<sign>{REMOVED}", text)
    text = INLINE.sub(rf"\g<key>{REMOVED}", text)
    text = USERINFO.sub(rf"\g<scheme>{REMOVED}@", text)
    text = BEARER.sub(rf"\g<1>{REMOVED}", text)
    return HASH.sub(REMOVED, JWT.sub(REMOVED, text))


def asked(nodes: Iterable[tuple[str, Client]]) -> Iterator[tuple[str, str]]:
    """What the nodes say: file and text."""
    for address, client in nodes:
        folder = address.replace(":", "_").replace("[", "").replace("]", "")
        for name, path in ASKED.items():
            try:
                answer = client.call("GET", path)
                text = answer.text if answer.status < 500 or answer.body else str(answer.status)
            except Failure as error:
                text = f"no answer: {error.message}\n"
            yield f"{folder}/{name}", text


def of_home(home: str) -> Iterator[tuple[str, str]]:
    """Settings and the ends of logs of a node's home, and how large its data is."""
    for name in KEPT:
        try:
            with open(os.path.join(home, name), "rb") as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - TAIL))
                yield f"home/{name}", file.read().decode("utf-8", "replace")
        except OSError as error:
            yield f"home/{name}.missing", f"{error.strerror}\n"
    sizes: dict[str, Any] = {}
    for folder, _, names in os.walk(os.path.join(home, "data")):
        for each in names:
            path = os.path.join(folder, each)
            sizes[os.path.relpath(path, home)] = os.path.getsize(path) if os.path.exists(path) else None
    yield "home/data.json", json.dumps(sizes, indent=2, sort_keys=True)


def write_bundle(path: str, files: Iterable[tuple[str, str]]) -> list[str]:
    """
    Write the bundle, readable by its owner alone; every text goes through L{without_secrets}.

    @return: the names of what is in it.
    @raise Failure: the disk refuses.
    """
    names = []
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "wb") as raw, tarfile.open(fileobj=raw, mode="w:gz") as bundle:
            for name, text in files:
                data = without_secrets(text).encode()
                entry = tarfile.TarInfo(f"nacos-debug/{name}")
                entry.size, entry.mtime, entry.mode = len(data), int(time.time()), 0o600
                bundle.addfile(entry, io.BytesIO(data))
                names.append(name)
    except OSError as error:
        raise Failure(f"{path}: {error.strerror}") from None
    return names
