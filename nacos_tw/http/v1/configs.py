"""C{/v1/cs/configs}: publishing, reading and removing configs (docs/spec/config-v1.md#3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import attrs
from klein import Klein
from twisted.internet.defer import Deferred

from nacos_tw.access.operations import rule_of
from nacos_tw.config.gray import Chosen
from nacos_tw.config.model import CopyRow, Item
from nacos_tw.config.operations.contents import Contents
from nacos_tw.config.operations.copies import Copies
from nacos_tw.config.problems import ConfigUnknown, CopyUnknown
from nacos_tw.config.requests import CopiesOfFound, OneConfig, OneCopy, SearchPage
from nacos_tw.errors import NacosError
from nacos_tw.http.answers import Answers
from nacos_tw.http.api.contents import keep_content
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply
from nacos_tw.http.routing import Result, serve
from nacos_tw.http.v1 import config_reading as reading
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
from nacos_tw.http.v1.transfer import TransferV1
from nacos_tw.paging import Page


def _true(_: Any) -> Reply:
    return TRUE


def _holds(call: Call, chosen: Chosen) -> bool:
    """Without an operation: the guard has checked that this call may read it."""
    return chosen.holds()


@attrs.frozen
class ConfigsV1:
    """
    One path with many handlers: a parameter tells which is meant, as C{show=all} or C{beta=true}; any other value of
    it is the plain one.

    @ivar answers: contents of configs of which all clients get the same, by their key.
    """

    prefix: ClassVar[str] = "/v1/cs/configs"
    app = Klein()
    guard: Guard
    contents: Contents
    copies: Copies
    transfer: TransferV1
    answers: Answers[Chosen] = attrs.field(factory=lambda: Answers(_holds))

    # -- reading

    @serve(app, "GET", "", needs=rule_of(Contents.read))
    def get(self, call: Call) -> Result:
        """A config's content; or what one of the parameters asks for."""
        found = self.answers.by_target.get(call.target)
        if found is not None and not call.body:
            chosen, reply = found  # as Answers.again does, one call less
            if chosen.holds():
                return reply
        params = call.params
        for name, value, way in _GETS:
            if params.get(name) == value:
                return way(self, call)
        return self._content(call)

    def _content(self, call: Call) -> Reply:
        key = reading.key_of(call)
        known = None if call.params.get("tag") else self.answers.of(call, key)
        if known is not None:
            return known
        request = reading.query(call, key)
        try:
            chosen = self.contents.read(call, request)
        except ConfigUnknown:
            return UNKNOWN
        except CopyUnknown as problem:
            return unknown_tag(problem.type)
        reply = content_reply(chosen, "" if request.tag else request.vip_tag)
        keep_content(self.answers, call, key, chosen, reply)
        return reply

    def _show(self, call: Call) -> Deferred[Reply]:
        """All columns, for the console; an empty answer says that there is no such config."""
        found = self.contents.detail(call, OneConfig(reading.key_of(call)))
        return found.addCallback(lambda item: EMPTY if item is None else json_utf8(full(item)))

    def _search(self, call: Call) -> Deferred[Reply]:
        wanted = reading.search(call)
        request = SearchPage(wanted, reading.integer(call, "pageNo"), reading.integer(call, "pageSize"))

        def rendered(found: Page[Item]) -> Reply:
            shown = [brief(item) for item in found.items]
            if call.params.get("grayNames") == "true":  # the console asks for them
                names = self.copies.names(call, CopiesOfFound(wanted, [item.key for item in found.items]))
                shown = [{**one, "grayNames": its} for one, its in zip(shown, names, strict=True)]
            return page(found, shown)

        return self.contents.search(call, request).addCallback(rendered)

    def _beta(self, call: Call) -> Deferred[Reply]:
        found = self.copies.detail(call, OneCopy(reading.key_of(call)))
        return found.addCallbacks(
            lambda copy: result(None if copy is None else beta(copy), "query beta ok"),
            _beta_trouble,
            errbackArgs=(None,),
        )

    @serve(app, "GET", "/catalog", needs=rule_of(Contents.detail))
    def catalog(self, call: Call) -> Deferred[Reply]:
        """What describes a config, without its content."""
        found = self.contents.detail(call, OneConfig(reading.key_of(call)))
        return found.addCallback(lambda item: result(None if item is None else description(item)))

    # -- writing

    @serve(app, "POST", "", needs=rule_of(Contents.publish))
    def publish(self, call: Call) -> Result:
        """Publish a config, its beta copy or a tag's copy; or import, or clone."""
        params = call.params
        if params.get("import") == "true":
            return self.transfer.take_in(call)
        if params.get("clone") == "true":
            return self.transfer.clone(call)
        return self.contents.publish(call, reading.publication(call)).addCallback(_true)

    @serve(app, "DELETE", "", needs=rule_of(Contents.remove))
    def remove(self, call: Call) -> Deferred[Reply]:
        """Remove a config, a tag's copy, the beta copy or several; C{true} also when there is none."""
        params = call.params
        if params.get("beta") == "true":
            stopped = self.copies.remove_beta(call, reading.beta_removal(call))
            return stopped.addCallbacks(lambda _: result(True, "stop beta ok"), _beta_trouble, errbackArgs=(False,))
        if params.get("delType") == "ids":
            removed = self.contents.remove_by_ids(call, reading.removal_by_ids(call))
            return removed.addCallback(lambda _: result(True))
        return self.contents.remove(call, reading.config_removal(call)).addCallback(_true)


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


def beta(copy: CopyRow) -> dict[str, Any]:
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
