"""C{/v2/cs/config}: configs (docs/spec/http-v2-v3.md#3)."""

from __future__ import annotations

from email.utils import formatdate
from typing import Any, ClassVar
from urllib.parse import quote

import attrs
from klein import Klein
from twisted.internet.defer import Deferred

from nacos_tw.config.gray import Chosen
from nacos_tw.config.model import Item, tenant_of
from nacos_tw.config.operations.contents import Contents
from nacos_tw.config.problems import ConfigUnknown, CopyUnknown
from nacos_tw.config.requests import Search, SearchPage
from nacos_tw.http.api.codes import RESOURCE_NOT_FOUND
from nacos_tw.http.api.configs import TAG, Face, labels
from nacos_tw.http.api.contents import ContentAnswers
from nacos_tw.http.api.parameters import FORM, REQUEST, integer, text
from nacos_tw.http.api.results import page_json, result
from nacos_tw.http.api.routes import api
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply, json_reply

FACE = Face(text("group", "The group.", needed=FORM))
JSON_UTF8 = b"application/json;charset=UTF-8"
NO_CACHE = (
    (b"Pragma", b"no-cache"),
    (b"Expires", b"Thu, 01 Jan 1970 00:00:00 GMT"),
    (b"Cache-Control", b"no-cache,no-store"),
)

WANTED_ID = text("dataId", "The dataId; * stands for any text where the search is blur.", needed=REQUEST)
WANTED_GROUP = text("group", "The group; likewise.", needed=REQUEST)
WANTED_CONTENT = text("config_detail", "A part of the content.", needed=REQUEST)
WANTED_PAGE = integer("pageNo", "Which page, from 1.", needed=REQUEST)
WANTED_SIZE = integer("pageSize", "How many a page.", needed=REQUEST)
TENANT = text("tenant", "The namespace.")
APP_NAME = text("appName", "The application.")
LABELS = text("config_tags", "Labels, with commas between them; any of them.")
SEARCH = text("search", "How names are compared.", "blur", choices=("blur", "accurate"))
SEARCHED = WANTED_ID, WANTED_GROUP, WANTED_CONTENT, WANTED_PAGE, WANTED_SIZE, TENANT, APP_NAME, LABELS, SEARCH


def unknown() -> Reply:
    """There is nothing for this client."""
    body = result("config data not exist", RESOURCE_NOT_FOUND).body
    return Reply(404, body + b"\n", None, NO_CACHE)


def content_reply(chosen: Chosen) -> Reply:
    """A content with all that is told of it in headers."""
    headers: tuple[tuple[bytes, bytes], ...] = (
        (b"Config-Type", _value(chosen.type or "text")),
        (b"Content-MD5", chosen.md5.encode()),
        (b"Encrypted-Data-Key", _value(chosen.encrypted_data_key)),
        (b"Last-Modified", formatdate(chosen.modified_ms // 1000, usegmt=True).encode()),
        *NO_CACHE,
    )
    if chosen.is_beta:
        headers = (*headers, (b"isBeta", b"true"))
    if chosen.tag:
        headers = (*headers, (b"tag", quote(chosen.tag, safe="").encode()))
    reply = result(chosen.content.decode())
    return Reply(200, reply.body, JSON_UTF8, headers)


def _value(value: str) -> bytes:
    """A header's value: what would end the line is left out."""
    return "".join(char for char in value if char >= " " and char != "\x7f").encode()


def item_json(item: Item) -> dict[str, Any]:
    """A config of a search."""
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


@attrs.frozen
class ConfigsV2:
    """Configs."""

    prefix: ClassVar[str] = "/v2/cs/config"
    app = Klein()
    guard: Guard
    contents: Contents
    answers: ContentAnswers

    @classmethod
    def make(cls, guard: Guard, contents: Contents) -> ConfigsV2:
        """With no answers yet."""
        return cls(guard, contents, ContentAnswers(contents, FACE, content_reply))

    def _known(self, call: Call) -> Reply | None:
        return self.answers.again(call)

    @api(app, "GET", "", does=Contents.read, takes=(*FACE.named, TAG), gives="The content", known=_known)
    def get(self, call: Call) -> Reply:
        """A config's content, or that of the copy that this client gets."""
        try:
            return self.answers.answer(call)
        except (ConfigUnknown, CopyUnknown):
            return unknown()

    @api(app, "POST", "", does=Contents.publish, takes=FACE.form, gives="true")
    def publish(self, call: Call) -> Deferred[bool]:
        """Publish a config, its beta copy (header betaIps) or a tag's copy."""
        return self.contents.publish(call, FACE.publication(call))

    @api(app, "DELETE", "", does=Contents.remove, takes=(*FACE.named, TAG), gives="true")
    async def remove(self, call: Call) -> bool:
        """Remove a config, or a tag's copy; succeeds if it does not exist."""
        await self.contents.remove(call, FACE.removal(call))
        return True

    @api(app, "GET", "/searchDetail", does=Contents.search, takes=SEARCHED, gives="A bare page", patterns=True)
    async def search(self, call: Call) -> Reply:
        """A page of configs with their contents; the answer has no wrapper."""
        wanted = Search(
            tenant_of(TENANT(call)),
            WANTED_ID(call),
            WANTED_GROUP(call),
            APP_NAME(call),
            labels(LABELS(call)),
            (),
            SEARCH(call) == "blur",
            WANTED_CONTENT(call),
        )
        found = await self.contents.search(call, SearchPage(wanted, WANTED_PAGE(call), WANTED_SIZE(call)))
        return json_reply(page_json(found, item_json))
