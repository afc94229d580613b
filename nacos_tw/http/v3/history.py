"""C{/v3/admin/cs/history} and C{/v3/console/cs/history}: what configs were before (docs/spec/http-v2-v3.md#5.3)."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
from klein import Klein

from nacos_tw.config.model import tenant_of
from nacos_tw.config.operations.contents import Contents
from nacos_tw.config.operations.history import History
from nacos_tw.config.requests import HistoryPage, HistoryRow, LastHistoryRow, OfNamespace
from nacos_tw.config.rows import Past
from nacos_tw.http.api.codes import RESOURCE_NOT_FOUND
from nacos_tw.http.api.configs import id_of
from nacos_tw.http.api.parameters import PAGE_NO, PAGE_SIZE, REQUEST, text
from nacos_tw.http.api.results import page_json, result
from nacos_tw.http.api.routes import api
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply
from nacos_tw.http.v3 import config_shapes as shapes
from nacos_tw.http.v3.config_shapes import FACE

NID = id_of("nid", "The row's id.")
CONFIG_ID = id_of("id", "The config's id.")
OF = text("namespaceId", "The namespace.", needed=REQUEST)


@attrs.frozen
class HistoryV3:
    """The rows of history. Built for operators and for a browser."""

    prefix: str
    app: ClassVar[Klein] = Klein()
    guard: Guard
    history: History
    contents: Contents

    @api(app, "GET", "/list", does=History.page, takes=(*FACE.named, PAGE_NO, PAGE_SIZE), gives="A page of rows")
    async def rows(self, call: Call) -> dict[str, Any]:
        """A page of a config's rows, newest first, without contents."""
        found = await self.history.page(call, HistoryPage(FACE.key(call), PAGE_NO(call), PAGE_SIZE(call)))
        return page_json(found, shapes.past)

    @api(app, "GET", "", does=History.row, takes=(*FACE.named, NID), gives="The row")
    async def row(self, call: Call) -> Reply:
        """One row of the history, with its content."""
        nid = NID(call)
        found = await self.history.row(call, HistoryRow(FACE.key(call), nid))
        return _row(found, f"certain config history for nid = {nid} not exist")

    @api(app, "GET", "/previous", does=History.last, takes=(*FACE.named, CONFIG_ID), gives="The row")
    async def previous(self, call: Call) -> Reply:
        """The newest row of the history of the config with that id."""
        number = CONFIG_ID(call)
        found = await self.history.last(call, LastHistoryRow(FACE.key(call), number))
        return _row(found, f"previous config history for id = {number} not exist")

    @api(app, "GET", "/configs", does=Contents.of_namespace, takes=(OF,), gives="The configs")
    async def configs(self, call: Call) -> list[dict[str, Any]]:
        """All configs of a namespace, without contents."""
        found = await self.contents.of_namespace(call, OfNamespace(tenant_of(OF(call))))
        return [shapes.brief(each) for each in found]


def _row(found: Past | None, unknown: str) -> Reply:
    return result(unknown, RESOURCE_NOT_FOUND, 404) if found is None else result(shapes.past_detail(found))
