"""A running server as a source: ours, or Nacos of 1.x, 2.x, 3.x, by its HTTP API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nacos_tw.ctl.admin_api import AdminApi
from nacos_tw.ctl.configs_api import Key, configs_api
from nacos_tw.ctl.failures import Failure, Forbidden, NotFound, Unsupported
from nacos_tw.ctl.moving.things import DESCRIBED, Accounts, Config, Namespace, Service, wanted
from nacos_tw.ctl.naming_api import ServiceName, naming_api
from nacos_tw.ctl.server import Server


class ServerSource:
    """
    @ivar missing: what could not be read, in words.
    """

    def __init__(self, server: Server, ids: tuple[str, ...] = (), history: bool = False) -> None:
        """
        @param ids: the namespaces that are wanted; all where there are none.
        @param history: whether configs come with their earlier contents.
        """
        self.server = server
        self.missing: list[str] = []
        self._ids = ids
        self._history = history

    def namespaces(self) -> list[Namespace]:
        """All that are wanted."""
        found = AdminApi(self.server).namespaces()
        return wanted((Namespace(each["id"], each["name"], each["description"]) for each in found), self._ids)

    def configs(self, namespace: str) -> Iterator[Config]:
        """Those of a namespace, each with all that is stored of it."""
        api = configs_api(self.server, namespace)
        for row in list(api.search()):
            key = api.key(row["dataId"], row["group"])
            try:
                whole = api.get(key)
            except NotFound:  # removed meanwhile
                continue
            more = {name: str(whole[name]) for name in DESCRIBED if whole.get(name)}
            copies = [{name: str(value) for name, value in copy.items()} for copy in api.copies(key)]
            past = self._past(api, key) if self._history else []
            yield Config(namespace, key.group, key.data_id, str(whole.get("content", "")), more, copies, past)

    @staticmethod
    def _past(api: Any, key: Key) -> list[str]:
        """Its earlier contents, oldest first: what U and D rows hold."""
        rows = [row for row in api.history(key) if row["op"] in ("U", "D") and not row["copy"]]
        return [str(api.past(key, row["nid"]).get("content", "")) for row in reversed(rows)]

    def services(self, namespace: str) -> Iterator[Service]:
        """Those of a namespace with settings or persistent instances."""
        api = naming_api(self.server, namespace)
        for row in list(api.all()):
            name = ServiceName(row["name"], row["group"])
            try:
                found = api.service(name)
                hosts = [each for each in api.hosts(name) if not each["ephemeral"]]
            except NotFound:
                continue
            service = Service(
                namespace, name.group, name.name, float(found.get("protectThreshold") or 0),
                dict(found.get("metadata") or {}), dict(found.get("selector") or {}), hosts,
            )  # fmt: skip
            if service.worth:
                yield service

    def accounts(self) -> Accounts:
        """All of them, if this login may read them."""
        api = AdminApi(self.server)
        try:
            return Accounts(
                sorted(each["username"] for each in api.accounts("user")),
                [{"role": each["role"], "username": each["username"]} for each in api.accounts("role")],
                [{name: each[name] for name in ("role", "resource", "action")} for each in api.accounts("permission")],
            )
        except (Forbidden, Unsupported, NotFound) as error:
            self.missing.append(f"accounts: {error.message}")
        except Failure as error:
            self.missing.append(f"accounts: {error.message}")
        return Accounts()
