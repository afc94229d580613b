"""
C{/v3/admin/cs/config/gray} and the same for a browser: copies of a config for clients by their labels
(docs/spec/ai-v3.md#8). Showing all copies of a config is our own, and so is C{grayRuleExp}.
"""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
import msgspec
from klein import Klein

from nacos_tw.config.gray_rules import CONDITIONS, ONE_CONDITION, TYPE
from nacos_tw.config.model import CopyRow
from nacos_tw.config.operations.contents import Contents
from nacos_tw.config.operations.copies import Copies
from nacos_tw.config.problems import ConfigInvalid
from nacos_tw.config.requests import CopyRemoval, LabelCopy, OneConfig, OneCopy
from nacos_tw.http.api.codes import RESOURCE_NOT_FOUND
from nacos_tw.http.api.configs import CONTENT
from nacos_tw.http.api.parameters import FORM, integer, text
from nacos_tw.http.api.problems import Lacking
from nacos_tw.http.api.results import result
from nacos_tw.http.api.routes import api
from nacos_tw.http.call import Call
from nacos_tw.http.client_address import client_ip, source_user
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply
from nacos_tw.http.v3 import config_shapes as shapes
from nacos_tw.http.v3.config_shapes import FACE
from nacos_tw.http.v3.configs import rule_of_copy

NAME = text("grayName", "The copy's name.", needed=FORM)
WANTED = text("grayName", "The copy's name; all copies if it is missing.")
RULE = text("grayMatchRuleExp", "Who gets it: region=hz,sh && zone=a; has to be there, by this name or the next.")
SAME_RULE = text("grayRuleExp", "The same.")
RULE_TYPE = text("grayType", "The kind of rule.", TYPE, choices=(TYPE,))
VERSION = text("grayVersion", "Of the rule.", CONDITIONS, choices=(ONE_CONDITION, CONDITIONS))
PRIORITY = integer("grayPriority", "Of several copies for a client that of the highest priority is taken.")
ENCRYPTED = text("encryptedDataKey", "The key that the content is encrypted with, itself encrypted.")
USER = text("srcUser", "Who does it; a login counts for more.")
PUBLISHED = *FACE.named, CONTENT, NAME, RULE, SAME_RULE, RULE_TYPE, VERSION, PRIORITY, ENCRYPTED, USER
ADMIN, CONSOLE = "/v3/admin/cs/config/gray", "/v3/console/cs/config/gray"


def publication(call: Call) -> Any:
    """The copy that is to be published."""
    whole = FACE.publication(call)
    name, rule = NAME(call), RULE(call) or SAME_RULE(call)
    if not rule:
        raise Lacking(SAME_RULE.name, SAME_RULE.java, True)
    if RULE_TYPE(call) != TYPE:
        raise ConfigInvalid(RULE_TYPE.name, "choice", RULE_TYPE(call), (TYPE,))
    copy = LabelCopy(name, rule, VERSION(call), PRIORITY(call))
    return msgspec.structs.replace(whole, copy=copy)


def shown(copy: CopyRow) -> dict[str, Any]:
    """A copy with its rule."""
    return shapes.gray(copy, copy.rule or rule_of_copy(copy))


@attrs.frozen
class GrayV3:
    """Copies by labels; those of all kinds are shown. Built for operators and for a browser."""

    prefix: str
    app: ClassVar[Klein] = Klein()
    guard: Guard
    contents: Contents
    copies: Copies

    @api(app, "POST", "", does=Contents.publish, takes=PUBLISHED, gives="true")
    async def publish(self, call: Call) -> bool:
        """Publish a copy of a config for clients by their labels, or replace the one of that name."""
        return await self.contents.publish(call, publication(call))

    @api(app, "GET", "", does=Copies.detail, takes=(*FACE.named, WANTED), gives="The copy, or a list of all copies")
    async def find(self, call: Call) -> Reply:
        """A copy by its name (beta, tag_<tag>, or one by labels), or all copies of a config."""
        key, name = FACE.key(call), WANTED(call)
        if not name:
            return result([shown(each) for each in await self.copies.all(call, OneConfig(key))])
        found = await self.copies.detail(call, OneCopy(key, name))
        if found is None:
            return result("Config gray version not found", RESOURCE_NOT_FOUND, 404)
        return result(shown(found))

    @api(app, "DELETE", "", does=Copies.remove, takes=(*FACE.named, NAME), gives="true")
    async def remove(self, call: Call) -> bool:
        """Remove a copy by labels; succeeds if it does not exist."""
        await self.copies.remove(
            call, CopyRemoval(FACE.key(call), NAME(call), client_ip(call), source_user(call, "srcUser", "src_user"))
        )
        return True
