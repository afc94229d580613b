"""C{/v1/cs/configs}: publishing, reading and removing configs (docs/spec/config-v1.md#3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import attrs
from klein import Klein
from twisted.internet.defer import Deferred

from nacos_tw.access.identity import WRITE
from nacos_tw.config import store_gray, store_search
from nacos_tw.config.commands import Remove, RemoveMany, StopBeta
from nacos_tw.config.configs import Configs
from nacos_tw.config.model import Copy, Item, labels_of, tenant_of
from nacos_tw.config.pages import Page
from nacos_tw.config.store_search import Search
from nacos_tw.errors import NacosError
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply
from nacos_tw.http.routing import Result, serve
from nacos_tw.http.v1 import config_reading as reading
from nacos_tw.http.v1.config_answers import ContentAnswers
from nacos_tw.http.v1.config_reading import Limits
from nacos_tw.http.v1.config_replies import (
    EMPTY,
    TRUE,
    UNKNOWN,
    content_reply,
    json_utf8,
    page,
    result,
    unknown_tag,
)
from nacos_tw.http.v1.faces import Millis
from nacos_tw.http.v1.transfer import Transfer, check_each

LARGEST_PAGE = 500
"""Configs on one page of a search: each comes with its content."""


def _true(_: Any) -> Reply:
    return TRUE


@attrs.frozen
class ConfigsV1:
    """
    One path with many handlers: a parameter tells which is meant, as C{show=all} or C{beta=true}; any other value of
    it is the plain one.
    """

    prefix: ClassVar[str] = "/v1/cs/configs"
    app = Klein()
    guard: Guard
    configs: Configs
    transfer: Transfer
    millis: Millis
    limits: Limits = Limits()
    answers: ContentAnswers = attrs.field(factory=ContentAnswers)

    # -- reading

    @serve(app, "GET", "", needs="read:config")
    def get(self, call: Call) -> Result:
        """A config's content; or what one of the parameters asks for."""
        found = self.answers.by_target.get(call.target)
        if found is not None and not call.body:
            entry, reply = found
            if self.configs.cache.entries.get(entry.key) is entry:
                return reply
        params = call.params
        for name, value, way in _GETS:
            if params.get(name) == value:
                return way(self, call)
        return self._content(call)

    def _content(self, call: Call) -> Reply:
        key = reading.key_of(call)
        tag = call.params.get("tag", "")
        entry = self.configs.entry(key)
        if entry is not None and not entry.gray:
            # Everybody gets the same, whatever the address and the headers.
            known = None if tag else self.answers.rendered(entry)
            if known is not None:
                self._keep(call, entry, known)
                return known
        vip_tag = call.header(b"vipserver-tag")
        chosen = self.configs.read(key, reading.client_ip(call), tag, vip_tag)
        if chosen is None:
            return UNKNOWN if entry is None or not tag else unknown_tag(entry.type)
        reply = content_reply(chosen, "" if tag else vip_tag)
        self._keep(call, chosen.entry, reply)
        return reply

    def _keep(self, call: Call, entry: Any, reply: Reply) -> None:
        if not call.body:
            self.answers.keep(call.target, entry, reply)

    def _show(self, call: Call) -> Deferred[Reply]:
        """All columns, for the console; an empty answer says that there is no such config."""
        found = self.configs.query(store_search.full_row, reading.key_of(call))
        return found.addCallback(lambda item: EMPTY if item is None else json_utf8(full(item)))

    def _search(self, call: Call) -> Deferred[Reply]:
        params = call.params
        blur = params["search"] == "blur"
        wanted = Search(
            tenant_of(params.get("tenant")),
            reading.needed(call, "dataId"),
            reading.needed(call, "group"),
            params.get("appName", ""),
            tuple(labels_of(params.get("config_tags", ""))),
            tuple(labels_of(params.get("types", ""))) if blur else (),
            blur,
        )
        page_no = reading.integer(call, "pageNo")
        page_size = min(reading.integer(call, "pageSize"), LARGEST_PAGE)

        shape = self._marked if params.get("grayNames") == "true" else brief

        def rendered(found: Page[Item]) -> Reply:
            return page(found, map(shape, found.items))

        return self.configs.query(store_search.search, wanted, page_no, page_size).addCallback(rendered)

    def _marked(self, item: Item) -> dict[str, Any]:
        """A config on a page, with the names of its copies for some clients: the console asks for them."""
        entry = self.configs.entry(item.key)
        return {**brief(item), "grayNames": [] if entry is None else [name for name, _ in entry.copies() if name]}

    def _beta(self, call: Call) -> Deferred[Reply]:
        found = self.configs.query(store_gray.beta, reading.key_of(call))
        return found.addCallbacks(
            lambda copy: result(None if copy is None else beta(copy), "query beta ok"),
            _beta_trouble,
            errbackArgs=(None,),
        )

    @serve(app, "GET", "/catalog", needs="read:config")
    def catalog(self, call: Call) -> Deferred[Reply]:
        """What describes a config, without its content."""
        found = self.configs.query(store_search.full_row, reading.key_of(call))
        return found.addCallback(lambda item: result(None if item is None else description(item)))

    # -- writing

    @serve(app, "POST", "", needs="write:config")
    def publish(self, call: Call) -> Result:
        """Publish a config, its beta copy or a tag's copy; or import, or clone."""
        params = call.params
        if params.get("import") == "true":
            return self.transfer.take_in(call)
        if params.get("clone") == "true":
            return self.transfer.clone(call)
        command = reading.publication(call, self.limits, self.millis())
        return self.configs.write(command).addCallback(_true)

    @serve(app, "DELETE", "", needs="write:config")
    def remove(self, call: Call) -> Deferred[Reply]:
        """Remove a config, a tag's copy, the beta copy or several; C{true} also when there is none."""
        params = call.params
        at, ip, user = self.millis(), reading.client_ip(call), reading.source_user(call)
        if params.get("beta") == "true":
            stopped = self.configs.write(StopBeta(reading.checked_key(call), at, ip, user))
            return stopped.addCallbacks(lambda _: result(True, "stop beta ok"), _beta_trouble, errbackArgs=(False,))
        if params.get("delType") == "ids":
            ids = reading.ids_of(reading.needed(call, "ids"))
            command = RemoveMany(ids, at, ip, user, self.limits.counted)
            return Deferred.fromCoroutine(self._remove_many(call, command))
        removal = Remove(reading.checked_key(call), at, params.get("tag") or None, ip, user, self.limits.counted)
        return self.configs.write(removal).addCallback(_true)

    async def _remove_many(self, call: Call, command: RemoveMany) -> Reply:
        if not call.identity.admin:
            check_each(call, WRITE, await self.configs.query(store_search.keys_by_ids, command.ids))
        await self.configs.write(command)
        return result(True)


_GETS: tuple[tuple[str, str, Callable[[ConfigsV1, Call], Result]], ...] = (
    ("show", "all", ConfigsV1._show),
    ("search", "accurate", ConfigsV1._search),
    ("search", "blur", ConfigsV1._search),
    ("beta", "true", ConfigsV1._beta),
    ("export", "true", lambda area, call: area.transfer.give_out(call, 1)),
    ("exportV2", "true", lambda area, call: area.transfer.give_out(call, 2)),
)


def _beta_trouble(failure: Any, data: bool | None) -> Reply:
    """A failure that Nacos answers with status 200 (docs/spec/config-v1.md#3.7, #3.8)."""
    failure.trap(NacosError)
    return result(data, "remove beta data error", 500)


# -- shapes


def brief(item: Item) -> dict[str, Any]:
    """A config on a page (docs/spec/config-v1.md#3.6)."""
    tenant, group, data_id = item.key
    return {
        "id": str(item.id),
        "dataId": data_id,
        "group": group,
        "content": item.content,
        "md5": None,
        "encryptedDataKey": item.encrypted_data_key,
        "tenant": tenant,
        "appName": item.app_name or "",
        "type": item.type,
    }


def full(item: Item) -> dict[str, Any]:
    """A config with all that is known of it (docs/spec/config-v1.md#3.3)."""
    return {**brief(item), "md5": item.md5, **description(item)}


def description(item: Item) -> dict[str, Any]:
    """What describes a config (docs/spec/config-v1.md#3.9)."""
    return {
        "createTime": item.created_ms,
        "modifyTime": item.modified_ms,
        "createUser": item.src_user,
        "createIp": item.src_ip,
        "desc": item.desc,
        "use": item.use,
        "effect": item.effect,
        "type": item.type,
        "schema": item.schema,
        "configTags": item.tags,
    }


def beta(copy: Copy) -> dict[str, Any]:
    """A beta copy (docs/spec/config-v1.md#3.7)."""
    tenant, group, data_id = copy.key
    return {
        "id": str(copy.id),
        "dataId": data_id,
        "group": group,
        "content": copy.content,
        "md5": copy.md5,
        "encryptedDataKey": copy.encrypted_data_key,
        "tenant": tenant,
        "appName": copy.app_name or "",
        "type": None,
        "betaIps": copy.beta_ips,
    }
