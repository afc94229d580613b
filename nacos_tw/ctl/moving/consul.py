"""
The export of Consul's key-value store (C{consul kv export}) as a source: each value is a config.

C{a/b/c} becomes the config C{c} of group C{a.b}; a key without a folder is of C{DEFAULT_GROUP}.
What Nacos does not take in names becomes C{_}.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from typing import Any

from nacos_tw.ctl.failures import Failure
from nacos_tw.ctl.moving.things import Accounts, Config, Namespace, Service

FORBIDDEN = re.compile(r"[^A-Za-z0-9.:_-]")
TYPES = {"json": "json", "yaml": "yaml", "yml": "yaml", "xml": "xml", "properties": "properties", "html": "html",
         "toml": "toml"}  # fmt: skip


class ConsulSource:
    """
    @ivar missing: values that are no text, and keys that would be the same config as another one.
    """

    def __init__(self, path: str, namespace: str = "public") -> None:
        """@raise Failure: it is no such export."""
        self.missing: list[str] = []
        self._namespace = namespace or "public"
        try:
            with open(path, encoding="utf-8") as file:
                found = json.load(file)
            self._rows = [(str(row["key"]), row.get("value") or "") for row in map(_lower, found)]
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise Failure(f"{path}: no export of Consul's key-value store: {error}") from None

    def namespaces(self) -> list[Namespace]:
        """The one that everything goes into."""
        return [Namespace(self._namespace, self._namespace)]

    def configs(self, namespace: str) -> Iterator[Config]:
        """One for each key that is no folder."""
        seen: dict[tuple[str, str], str] = {}
        for key, value in self._rows:
            if key.endswith("/"):
                continue
            group, data_id = names_of(key)
            if (group, data_id) in seen:
                self.missing.append(f"{key}: it would be the same config as {seen[group, data_id]}")
                continue
            seen[group, data_id] = key
            try:
                content = base64.b64decode(value, validate=True).decode("utf-8")
            except (binascii.Error, UnicodeDecodeError):
                self.missing.append(f"{key}: its value is no text in UTF-8")
                continue
            if not content:
                self.missing.append(f"{key}: its value is empty, which no config can be")
                continue
            kind = TYPES.get(data_id.rpartition(".")[2], "text")
            yield Config(namespace, group, data_id, content, {"type": kind})

    def services(self, namespace: str) -> Iterator[Service]:
        """None."""
        yield from ()

    def accounts(self) -> Accounts:
        """None."""
        return Accounts()


def _lower(row: dict[str, Any]) -> dict[str, Any]:
    """The CLI writes C{key}, the HTTP API C{Key}."""
    return {name.lower(): value for name, value in row.items()}


def names_of(key: str) -> tuple[str, str]:
    """Group and dataId of a key."""
    folder, _, name = key.strip("/").rpartition("/")
    group = FORBIDDEN.sub("_", folder.replace("/", ".")) or "DEFAULT_GROUP"
    return group[:128], FORBIDDEN.sub("_", name)[:256]
