"""Configs by v3, v2 or v1: one face, in the same words whatever the server speaks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from nacos_tw.ctl.failures import NotFound, Unsupported
from nacos_tw.ctl.output import moment
from nacos_tw.ctl.server import Server, items_of

PAGE = 200
WRITTEN = {"type": "type", "desc": "desc", "appName": "appName", "configTags": "config_tags", "use": "use",
           "effect": "effect", "schema": "schema", "encryptedDataKey": "encryptedDataKey",
           "srcUser": "src_user"}  # fmt: skip
"""What describes a config: its name in v2 and v3, and in v1."""


@attrs.frozen
class Key:
    """A config."""

    data_id: str
    group: str = "DEFAULT_GROUP"
    namespace: str = ""

    def __str__(self) -> str:
        return f"{self.namespace or 'public'}/{self.group}/{self.data_id}"


def md5_of(content: str) -> str:
    """As the server works it out."""
    return hashlib.md5(content.encode()).hexdigest()


class ConfigsApi:
    """By v3."""

    base, history_base = "/v3/admin/cs/config", "/v3/admin/cs/history"
    group_name = "groupName"

    def __init__(self, server: Server, namespace: str) -> None:
        """@param namespace: where no other is named."""
        self.server = server
        self.client = server.client
        self.namespace = "" if namespace == "public" else namespace

    def key(self, data_id: str, group: str, namespace: str | None = None) -> Key:
        """A config of this namespace, or of another one."""
        namespace = self.namespace if namespace is None else namespace
        return Key(data_id, group, "" if namespace == "public" else namespace)

    def named(self, key: Key) -> dict[str, Any]:
        """The parameters that name it."""
        return {"namespaceId": key.namespace, self.group_name: key.group, "dataId": key.data_id}

    def get(self, key: Key) -> dict[str, Any]:
        """
        All that is stored of it.

        @raise NotFound: there is none.
        """
        answer = self.client.checked(self.client.call("GET", self.base, self.named(key)), str(key))
        found = (answer.coded or {}).get("data")
        if not found:
            raise NotFound(f"{key}: there is no such config")
        return config_row(found)

    def put(self, key: Key, content: str, more: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        """
        Publish it, or a copy for some clients.

        @param more: what describes it, by the names of v3; C{tag}: of whom it is a copy for.
        @param headers: C{casMd5}, C{betaIps}.
        """
        form = {**self.named(key), "content": content, **more}
        self._written(self.client.call("POST", self.base, form=form, headers=headers), key)

    def remove(self, key: Key, tag: str = "") -> None:
        """Remove it, or its copy for a tag; one that is not there is fine."""
        self._written(self.client.call("DELETE", self.base, {**self.named(key), "tag": tag or None}), key)

    def _written(self, answer: Any, key: Key) -> None:
        self.client.checked(answer, str(key))

    def search(self, data_id: str = "", group: str = "", content: str = "", **more: Any) -> Iterator[dict[str, Any]]:
        """
        Configs of the namespace, page after page.

        @param data_id: with * for any text, C{group}: likewise; C{content}: a part of it.
        @param more: C{appName}, C{configTags}, C{type}.
        """
        inside = content if "*" in content or not content else f"*{content}*"
        wanted = {
            "namespaceId": self.namespace, "dataId": data_id, self.group_name: group, "configDetail": inside or None,
            "search": "blur", **more,
        }  # fmt: skip
        for page in self._pages(f"{self.base}/list", wanted):
            yield from map(config_row, page)

    def _pages(self, path: str, params: Mapping[str, Any]) -> Iterator[list[dict[str, Any]]]:
        number = 1
        while True:
            page = items_of(self.client.data("GET", path, {**params, "pageNo": number, "pageSize": PAGE}))
            yield page
            if len(page) < PAGE:
                return
            number += 1

    # -- history

    def history(self, key: Key) -> Iterator[dict[str, Any]]:
        """Its rows, newest first, without contents."""
        for page in self._pages(f"{self.history_base}/list", self.named(key)):
            yield from map(history_row, page)

    def past(self, key: Key, nid: str) -> dict[str, Any]:
        """
        One row with its content.

        @raise NotFound: there is none.
        """
        answer = self.client.checked(self.client.call("GET", self.history_base, {**self.named(key), "nid": nid}))
        found = (answer.coded or {}).get("data")
        if not found:
            raise NotFound(f"{key}: there is no row {nid} in its history")
        return history_row(found)

    # -- copies for some clients

    def copies(self, key: Key) -> list[dict[str, Any]]:
        """Its copies for some clients, each with its name and rule."""
        try:
            found = self.server.own("copies by labels", "GET", f"{self.base}/gray", self.named(key))
        except Unsupported:  # Nacos has the beta copy alone
            try:
                found = [self.client.data("GET", f"{self.base}/beta", self.named(key))]
            except NotFound:
                found = []
        return [copy_row(each) for each in found if each]

    def put_copy(self, key: Key, name: str, content: str, rule: str, priority: int) -> None:
        """Publish a copy for clients by their labels."""
        form = {
            **self.named(key), "content": content, "grayName": name, "grayRuleExp": rule, "grayPriority": priority,
        }  # fmt: skip
        self.server.own("copies by labels", "POST", f"{self.base}/gray", form=form)

    def remove_copy(self, key: Key, name: str) -> None:
        """Remove a copy by its name; one that is not there is fine."""
        if name == "beta":
            self.client.checked(self.client.call("DELETE", f"{self.base}/beta", self.named(key)), str(key))
        elif name.startswith("tag_"):
            self.remove(key, name[4:])
        else:
            self.server.own("copies by labels", "DELETE", f"{self.base}/gray", {**self.named(key), "grayName": name})

    # -- watching

    def wait(self, key: Key, md5: str, seconds: float) -> bool:
        """
        Wait until it is another than the one with that md5.

        @return: whether it changed; False also when the time is over.
        @raise Unsupported: the server has no long poll.
        """
        parts = [key.data_id, key.group, md5, *([key.namespace] if key.namespace else [])]
        answer = self.client.call(
            "POST", "/v1/cs/configs/listener", form={"Listening-Configs": "\x02".join(parts) + "\x01"},
            headers={"Long-Pulling-Timeout": str(int(seconds * 1000))}, timeout=seconds + self.client.target.timeout,
        )  # fmt: skip
        if not answer.routed:
            raise Unsupported("the server has no long poll")
        self.client.checked(answer, str(key))
        return bool(answer.text.strip())


class ConfigsV1(ConfigsApi):
    """By v1."""

    base, history_base = "/v1/cs/configs", "/v1/cs/history"
    group_name = "group"

    def named(self, key: Key) -> dict[str, Any]:
        return {"tenant": key.namespace, "group": key.group, "dataId": key.data_id}

    def get(self, key: Key) -> dict[str, Any]:
        answer = self.client.checked(self.client.call("GET", self.base, {**self.named(key), "show": "all"}), str(key))
        if not answer.body.strip() or answer.text.strip() == "null":
            raise NotFound(f"{key}: there is no such config")
        return config_row(answer.json())

    def put(self, key: Key, content: str, more: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        described = {WRITTEN.get(name, name): value for name, value in more.items()}
        form = {**self.named(key), "content": content, **described}
        self._written(self.client.call("POST", self.base, form=form, headers=headers), key)

    def _written(self, answer: Any, key: Key) -> None:
        if self.client.checked(answer, str(key)).text.strip() == "false":
            raise NotFound(f"{key}: the server did not do it")

    def search(self, data_id: str = "", group: str = "", content: str = "", **more: Any) -> Iterator[dict[str, Any]]:
        named = {"configTags": "config_tags", "type": "types"}
        wanted = {
            "tenant": self.namespace, "dataId": data_id, "group": group, "search": "blur",
            **{named.get(name, name): value for name, value in more.items()},
        }  # fmt: skip
        for page in self._pages("/v1/cs/configs", wanted):
            yield from (config_row(each) for each in page if content in (each.get("content") or ""))

    def history(self, key: Key) -> Iterator[dict[str, Any]]:
        for page in self._pages("/v1/cs/history", {**self.named(key), "search": "accurate"}):
            yield from map(history_row, page)

    def past(self, key: Key, nid: str) -> dict[str, Any]:
        answer = self.client.checked(self.client.call("GET", self.history_base, {**self.named(key), "nid": nid}))
        if not answer.body.strip() or answer.text.strip() == "null":
            raise NotFound(f"{key}: there is no row {nid} in its history")
        return history_row(answer.json())

    def copies(self, key: Key) -> list[dict[str, Any]]:
        answer = self.client.call("GET", "/v1/cs/configs", {**self._one(key), "beta": True})
        found = (answer.coded or {}).get("data") if answer.status == 200 else None
        return [copy_row(found)] if found else []

    def put_copy(self, key: Key, name: str, content: str, rule: str, priority: int) -> None:
        self.server.needs("a copy by labels", "v3")

    def remove_copy(self, key: Key, name: str) -> None:
        if name == "beta":
            answer = self.client.call("DELETE", "/v1/cs/configs", {**self._one(key), "beta": True})
            self.client.checked(answer, str(key))
        elif name.startswith("tag_"):
            self.remove(key, name[4:])
        else:
            self.server.needs("a copy by labels", "v3")

    def _one(self, key: Key) -> dict[str, Any]:
        return {"tenant": key.namespace, "group": key.group, "dataId": key.data_id}


class ConfigsV2(ConfigsV1):
    """By v2, and by v1 what v2 has not: searches, all that is stored, copies for some."""

    base, history_base = "/v2/cs/config", "/v2/cs/history"

    def named(self, key: Key) -> dict[str, Any]:
        return {"namespaceId": key.namespace, "group": key.group, "dataId": key.data_id}

    def get(self, key: Key) -> dict[str, Any]:
        answer = self.client.call("GET", "/v1/cs/configs", {**self._one(key), "show": "all"})
        if answer.routed and answer.status != 404:
            if not self.client.checked(answer, str(key)).body.strip() or answer.text.strip() == "null":
                raise NotFound(f"{key}: there is no such config")
            return config_row(answer.json())
        answer = self.client.checked(self.client.call("GET", self.base, self.named(key)), str(key))
        content = (answer.coded or {}).get("data")
        if content is None:
            raise NotFound(f"{key}: there is no such config")
        return config_row({"dataId": key.data_id, "group": key.group, "tenant": key.namespace, "content": content})

    def put(self, key: Key, content: str, more: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        form = {**self.named(key), "content": content, **more}
        self._written(self.client.call("POST", self.base, form=form, headers=headers), key)

    def history(self, key: Key) -> Iterator[dict[str, Any]]:
        for page in self._pages("/v2/cs/history/list", self.named(key)):
            yield from map(history_row, page)

    def past(self, key: Key, nid: str) -> dict[str, Any]:
        return ConfigsApi.past(self, key, nid)


def configs_api(server: Server, namespace: str) -> ConfigsApi:
    """By the API that the server offers."""
    kinds = {"v1": ConfigsV1, "v2": ConfigsV2, "v3": ConfigsApi}
    return kinds[server.api](server, namespace)


def config_row(found: Mapping[str, Any]) -> dict[str, Any]:
    """A config in the same words, whatever API told it."""
    content = found.get("content")
    row = {
        "namespace": found.get("namespaceId") or found.get("tenant") or "public",
        "group": found.get("groupName") or found.get("group") or "",
        "dataId": found.get("dataId", ""),
        "type": found.get("type") or "",
        "md5": found.get("md5") or (md5_of(content) if isinstance(content, str) else ""),
        "appName": found.get("appName") or "",
        "modified": moment(found.get("modifyTime") or found.get("lastModified")),
        "id": str(found.get("id") or ""),
    }
    for name in ("desc", "configTags", "use", "effect", "schema", "encryptedDataKey", "createUser", "createIp"):
        if found.get(name):
            row[name] = found[name]
    if isinstance(content, str):
        row["content"] = content
    return row


def history_row(found: Mapping[str, Any]) -> dict[str, Any]:
    """A row of history, likewise."""
    row = {
        "nid": str(found.get("id", "")),
        "op": str(found.get("opType") or "").strip(),
        "at": moment(found.get("modifyTime") or found.get("lastModifiedTime")),
        "user": found.get("srcUser") or "",
        "ip": found.get("srcIp") or "",
        "md5": found.get("md5") or "",
        "copy": found.get("grayName") or "",
    }
    for name in ("encryptedDataKey", "content"):
        if found.get(name) is not None:
            row[name] = found[name]
    return row


def copy_row(found: Mapping[str, Any]) -> dict[str, Any]:
    """A copy for some clients, likewise."""
    return {
        "name": found.get("grayName") or "beta",
        "rule": found.get("grayRule") or found.get("betaIps") or "",
        "md5": found.get("md5") or "",
        "content": found.get("content") or "",
    }
