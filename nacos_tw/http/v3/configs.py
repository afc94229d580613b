"""
C{/v3/admin/cs/config} and C{/v3/console/cs/config}: configs, for operators and for a browser
(docs/spec/http-v2-v3.md#5.3 and #5.6).
"""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
import msgspec
from klein import Klein
from twisted.internet.defer import Deferred

from nacos_tw.config.listener_requests import ListenedBy, ListenersOf
from nacos_tw.config.model import CopyRow, group_key, tenant_of
from nacos_tw.config.operations.contents import Contents
from nacos_tw.config.operations.copies import Copies
from nacos_tw.config.operations.listening import Listening
from nacos_tw.config.problems import ConfigUnknown
from nacos_tw.config.requests import Description, OneConfig, OneCopy, Search, SearchPage
from nacos_tw.http.api.codes import RESOURCE_NOT_FOUND
from nacos_tw.http.api.configs import IDS, TAG, labels, removal_by_ids
from nacos_tw.http.api.parameters import NAMESPACE, PAGE_NO, PAGE_SIZE, REQUEST, boolean, text
from nacos_tw.http.api.results import page_json, result
from nacos_tw.http.api.routes import api
from nacos_tw.http.call import Call
from nacos_tw.http.client_address import client_ip, source_user
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply
from nacos_tw.http.v3 import config_shapes as shapes
from nacos_tw.http.v3.config_shapes import FACE

NOT_THERE = "Config not exist, please publish Config first."
ADMIN, CONSOLE = "/v3/admin/cs/config", "/v3/console/cs/config"

WANTED_ID = text("dataId", "The dataId; * stands for any text where the search is blur.")
WANTED_GROUP = text("groupName", "The group; likewise.")
APP_NAME = text("appName", "The application.")
LABELS = text("configTags", "Labels, with commas between them; any of them.")
TYPES = text("type", "Formats, with commas between them; any of them.")
WANTED_CONTENT = text("configDetail", "A part of the content.")
SEARCH = text("search", "How names are compared.", "blur", choices=("blur", "accurate"))
SEARCHED = NAMESPACE, WANTED_ID, WANTED_GROUP, APP_NAME, LABELS, TYPES, WANTED_CONTENT, SEARCH, PAGE_NO, PAGE_SIZE
GIVEN_LABELS = text("configTags", "Labels, with commas between them; an empty one removes all.")
DESCRIPTION = text("desc", "What it is for.")
AGGREGATION = boolean("aggregation", "Whether all nodes are asked.", True)
IP = text("ip", "The client's address.", needed=REQUEST)
ALL = boolean("all", "Nothing depends on it.")


def search_of(call: Call) -> Search:
    """Which configs are looked for."""
    return Search(
        tenant_of(call.params.get("namespaceId")),
        WANTED_ID(call),
        WANTED_GROUP(call),
        APP_NAME(call),
        labels(LABELS(call)),
        labels(TYPES(call)),
        SEARCH(call) == "blur",
        WANTED_CONTENT(call),
    )


def rule_of_copy(copy: CopyRow) -> str:
    """Who gets a copy, as Nacos stores it."""
    beta = copy.tag is None
    rule = {
        "type": "beta" if beta else "tag",
        "version": "1.0.0",
        "expr": copy.beta_ips if beta else copy.tag,
        "priority": 2**31 - (1 if beta else 2),
    }
    return msgspec.json.encode(rule).decode()


def listeners_json(kind: str, found: dict[str, str]) -> dict[str, Any]:
    """@param kind: what the keys are: C{config}: addresses; C{ip}: configs."""
    return {"queryType": kind, "listenersStatus": found}


@attrs.frozen
class ConfigsV3:
    """What operators and browsers ask alike. Built for each of them."""

    prefix: str
    app: ClassVar[Klein] = Klein()
    guard: Guard
    contents: Contents
    copies: Copies
    listening: Listening

    @api(app, "GET", "", does=Contents.detail, takes=FACE.named, gives="The config")
    async def get(self, call: Call) -> Reply:
        """A config with all that is stored of it."""
        found = await self.contents.detail(call, OneConfig(FACE.key(call)))
        if found is None:
            return result(NOT_THERE, RESOURCE_NOT_FOUND, 404)
        return result(shapes.detail(found))

    @api(app, "POST", "", does=Contents.publish, takes=FACE.form, gives="true")
    def publish(self, call: Call) -> Deferred[bool]:
        """Publish a config, its beta copy (header betaIps) or a tag's copy."""
        return self.contents.publish(call, FACE.publication(call))

    @api(app, "DELETE", "", does=Contents.remove, takes=(*FACE.named, TAG), gives="true")
    async def remove(self, call: Call) -> bool:
        """Remove a config, or a tag's copy; succeeds if it does not exist."""
        await self.contents.remove(call, FACE.removal(call))
        return True

    @api(
        app, "GET", "/list", "/searchDetail", does=Contents.search, takes=SEARCHED, gives="A page of configs",
        patterns=True,
    )  # fmt: skip
    async def search(self, call: Call) -> dict[str, Any]:
        """A page of configs, without contents."""
        request = SearchPage(search_of(call), PAGE_NO(call), PAGE_SIZE(call))
        return page_json(await self.contents.search(call, request), shapes.basic)

    @api(app, "GET", "/beta", does=Copies.detail, takes=FACE.named, gives="The copy")
    async def beta(self, call: Call) -> Reply:
        """The beta copy of a config."""
        found = await self.copies.detail(call, OneCopy(FACE.key(call)))
        if found is None:
            return result("Config is not in beta.", RESOURCE_NOT_FOUND, 404)
        return result(shapes.gray(found, rule_of_copy(found)))

    @api(app, "DELETE", "/beta", does=Copies.remove_beta, takes=FACE.named, gives="true")
    async def stop_beta(self, call: Call) -> bool:
        """Remove the beta copy of a config; succeeds if there is none."""
        await self.copies.remove_beta(call, FACE.beta_removal(call))
        return True

    @api(app, "GET", "/listener", does=Listening.listeners, takes=(*FACE.named, AGGREGATION), gives="Address to md5")
    async def listeners(self, call: Call) -> dict[str, Any]:
        """The clients that listen to a config, at all nodes or at this one."""
        found = await self.listening.listeners(call, ListenersOf(FACE.key(call), here=not AGGREGATION(call)))
        return listeners_json("config", found)


@attrs.frozen
class ListenersV3:
    """What the clients of an address listen to."""

    prefix: str
    app: ClassVar[Klein] = Klein()
    guard: Guard
    listening: Listening

    @api(app, "GET", "", does=Listening.listened, takes=(IP, ALL, NAMESPACE, AGGREGATION), gives="Config to md5")
    async def listened(self, call: Call) -> dict[str, Any]:
        """What the clients of an address listen to, as far as the caller may read it; of one namespace, if given."""
        found = await self.listening.listened(call, ListenedBy(IP(call), here=not AGGREGATION(call)))
        wanted = call.params.get("namespaceId")
        shown = {group_key(key): md5 for key, md5 in found.items() if not wanted or key[0] == tenant_of(wanted)}
        return listeners_json("ip", shown)


@attrs.frozen
class ConfigMetadataV3:
    """What describes a config, for operators."""

    prefix: ClassVar[str] = ADMIN
    app = Klein()
    guard: Guard
    contents: Contents

    @api(app, "PUT", "/metadata", does=Contents.describe, takes=(*FACE.named, GIVEN_LABELS, DESCRIPTION), gives="true")
    async def change(self, call: Call) -> Reply | bool:
        """Set the labels and the description of a config, whose content stays; what is not sent stays too."""
        key, params = FACE.key(call), call.params
        wanted = Description(key, params.get("configTags"), params.get("desc"), client_ip(call), source_user(call))
        try:
            return await self.contents.describe(call, wanted)
        except ConfigUnknown:
            return result(NOT_THERE, RESOURCE_NOT_FOUND, 404)


@attrs.frozen
class AdminBatchV3:
    """Removal of several configs, for operators."""

    prefix: ClassVar[str] = ADMIN
    app = Klein()
    guard: Guard
    contents: Contents

    @api(app, "DELETE", "/batch", does=Contents.remove_by_ids, takes=(IDS, NAMESPACE), gives="true")
    async def remove(self, call: Call) -> bool:
        """Remove configs by their ids, those of the namespace if one is named; unknown ones are left out."""
        await self.contents.remove_by_ids(call, removal_by_ids(call))
        return True


@attrs.frozen
class ConsoleBatchV3:
    """The same, for a browser."""

    prefix: ClassVar[str] = CONSOLE
    app = Klein()
    guard: Guard
    contents: Contents

    @api(app, "DELETE", "/batchDelete", does=Contents.remove_by_ids, takes=(IDS, NAMESPACE), gives="true")
    async def remove(self, call: Call) -> bool:
        """Remove configs by their ids, those of the namespace if one is named; unknown ones are left out."""
        await self.contents.remove_by_ids(call, removal_by_ids(call))
        return True
