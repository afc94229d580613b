"""Namespaces, accounts and the cluster by v3, or by v1."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nacos_tw.ctl.failures import Busy, Failure, NotFound
from nacos_tw.ctl.server import Server, items_of

PAGE = 200


class AdminApi:
    """What administrators do."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.client = server.client
        self._v3 = server.api == "v3"

    # -- namespaces

    def namespaces(self) -> list[dict[str, Any]]:
        """All of them, the public one first."""
        path = "/v3/admin/core/namespace/list" if self._v3 else "/v1/console/namespaces"
        return [
            {
                "id": each.get("namespace") or "public",
                "name": each.get("namespaceShowName", ""),
                "description": each.get("namespaceDesc") or "",
                "configs": each.get("configCount", 0),
            }
            for each in self.client.data("GET", path)
        ]

    def namespace(self, id: str) -> dict[str, Any]:
        """
        One of them.

        @raise NotFound: there is none of that id.
        """
        for each in self.namespaces():
            if each["id"] == (id or "public"):
                return each
        raise NotFound(f"there is no namespace {id}")

    def create_namespace(self, id: str, name: str, description: str) -> None:
        """
        Create one.

        @raise Busy: there is one of that id.
        """
        if any(each["id"] == id for each in self.namespaces()):
            raise Busy(f"namespace {id} is there already")
        form = {"customNamespaceId": id, "namespaceName": name, "namespaceDesc": description}
        if self._v3:
            form["namespaceId"] = id
        self._namespace("POST", form)

    def update_namespace(self, id: str, name: str, description: str) -> None:
        """Rename one."""
        form = {"namespaceId": id, "namespaceName": name, "namespaceDesc": description}
        if not self._v3:
            form = {"namespace": id, "namespaceShowName": name, "namespaceDesc": description}
        self._namespace("PUT", form)

    def remove_namespace(self, id: str) -> None:
        """
        Remove one, but nothing that is in it.

        @raise NotFound: there is none of that id.
        """
        self.namespace(id)
        self._namespace("DELETE", {"namespaceId": id})

    def _namespace(self, method: str, values: dict[str, Any]) -> None:
        path = "/v3/admin/core/namespace" if self._v3 else "/v1/console/namespaces"
        given = {"params": values} if method == "DELETE" else {"form": values}
        answer = self.client.checked(self.client.call(method, path, **given), "namespace")  # type: ignore[arg-type]
        if answer.text.strip() == "false":
            raise Failure("namespace: the server did not do it: the id or the name cannot be")

    # -- accounts

    def accounts(self, kind: str) -> Iterator[dict[str, Any]]:
        """@param kind: C{user}, C{role} or C{permission}."""
        path = f"/v3/auth/{kind}/list" if self._v3 else f"/v1/auth/{kind}s"
        number = 1
        while True:
            params = {"pageNo": number, "pageSize": PAGE, "search": "accurate"}
            page = items_of(self.client.data("GET", path, params))
            yield from page
            if len(page) < PAGE:
                return
            number += 1

    def create_user(self, name: str, password: str) -> None:
        """
        Create a user.

        @raise Busy: there is one of that name.
        """
        if self._has_user(name):
            raise Busy(f"user {name} is there already")
        self.change("POST", "user", {"username": name, "password": password})

    def remove_user(self, name: str) -> None:
        """
        Remove a user.

        @raise NotFound: there is none of that name.
        """
        if not self._has_user(name):
            raise NotFound(f"there is no user {name}")
        self.change("DELETE", "user", {"username": name})

    def _has_user(self, name: str) -> bool:
        return any(each.get("username") == name for each in self.accounts("user"))

    def change(self, method: str, kind: str, values: dict[str, Any]) -> None:
        """Create, change or remove an account, a role's holder or a permission."""
        path = f"/v3/auth/{kind}" if self._v3 else f"/v1/auth/{kind}s"
        if method == "DELETE":
            answer = self.client.call(method, path, values)
        else:
            answer = self.client.call(method, path, form=values)
        self.client.checked(answer, kind)

    # -- the cluster

    def members(self) -> list[dict[str, Any]]:
        """The members as the node sees them, C{extendInfo} and all."""
        path = "/v3/admin/core/cluster/node/list" if self._v3 else "/v1/core/cluster/nodes"
        return items_of(self.client.data("GET", path))

    def order(self, command: str, value: str) -> None:
        """Have the Raft part do something."""
        path = "/v3/admin/core/ops/raft" if self._v3 else "/v1/core/ops/raft"
        import json

        body = json.dumps({"command": command, "value": value or None}).encode()
        answer = self.client.call("POST", path, body=body, headers={"Content-Type": "application/json"})
        self.client.checked(answer, command)


def leader_of(members: list[dict[str, Any]]) -> str:
    """The address of the leader, as most members tell it; "": nobody knows one."""
    if len(members) == 1:
        return str(members[0].get("address", ""))
    said: list[str] = []
    for member in members:
        extend = member.get("extendInfo") or {}
        groups = ((extend.get("raftMetaData") or {}).get("metaDataMap") or {}).values()
        leader = next((group.get("leader") for group in groups if group.get("leader")), "")
        said += [leader] if leader else []
    raft = max(set(said), key=said.count) if said else ""
    for member in members:
        extend = member.get("extendInfo") or {}
        if raft in (member.get("address"), f"{member.get('ip')}:{extend.get('raftPort')}"):
            return str(member["address"])
    return raft
