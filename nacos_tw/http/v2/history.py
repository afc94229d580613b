"""C{/v2/cs/history}: what configs were before (docs/spec/http-v2-v3.md#3)."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, ClassVar

import attrs
from klein import Klein

from nacos_tw.config.model import tenant_of
from nacos_tw.config.operations.contents import Contents
from nacos_tw.config.operations.history import History
from nacos_tw.config.requests import HistoryPage, HistoryRow, LastHistoryRow, OfNamespace
from nacos_tw.config.rows import Brief, Past
from nacos_tw.http.api.configs import id_of
from nacos_tw.http.api.parameters import PAGE_NO, PAGE_SIZE, REQUEST, text
from nacos_tw.http.api.problems import Lacking
from nacos_tw.http.api.results import page_json
from nacos_tw.http.api.routes import api
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.v2.configs import FACE

NID = id_of("nid", "The row's id.")
CONFIG_ID = id_of("id", "The config's id.")
NAMESPACE = text("namespaceId", "The namespace.", needed=REQUEST)


@attrs.frozen
class HistoryV2:
    """The rows of history."""

    prefix: ClassVar[str] = "/v2/cs/history"
    app = Klein()
    guard: Guard
    history: History
    contents: Contents

    @api(app, "GET", "/list", does=History.page, takes=(*FACE.named, PAGE_NO, PAGE_SIZE), gives="A page of rows")
    async def rows(self, call: Call) -> dict[str, Any]:
        """A page of a config's rows, newest first, without contents."""
        found = await self.history.page(call, HistoryPage(FACE.key(call), PAGE_NO(call), PAGE_SIZE(call)))
        return page_json(found, past_json)

    @api(app, "GET", "", does=History.row, takes=(*FACE.named, NID), gives="The row, or null")
    async def row(self, call: Call) -> dict[str, Any] | None:
        """One row of the history."""
        return _row(await self.history.row(call, HistoryRow(FACE.key(call), NID(call))))

    @api(app, "GET", "/detail", does=History.row, takes=(*FACE.named, NID), gives="The row with both contents, or null")
    async def detail(self, call: Call) -> dict[str, Any] | None:
        """One row of the history, with the content before and after the change, as far as the row has them."""
        found = await self.history.row(call, HistoryRow(FACE.key(call), NID(call)))
        return None if found is None else detail_json(found)

    @api(app, "GET", "/previous", does=History.last, takes=(*FACE.named, CONFIG_ID), gives="The row, or null")
    async def previous(self, call: Call) -> dict[str, Any] | None:
        """The newest row of the history of the config with that id."""
        return _row(await self.history.last(call, LastHistoryRow(FACE.key(call), CONFIG_ID(call))))

    @api(app, "GET", "/configs", does=Contents.of_namespace, takes=(NAMESPACE,), gives="The configs")
    async def configs(self, call: Call) -> list[dict[str, Any]]:
        """All configs of a namespace, without contents."""
        if call.params.get("namespaceId") is None:
            raise Lacking("namespaceId", "String", False)
        found = await self.contents.of_namespace(call, OfNamespace(tenant_of(NAMESPACE(call))))
        return [known_json(each) for each in found]


def _row(found: Past | None) -> dict[str, Any] | None:
    return None if found is None else past_json(found)


def past_json(row: Past) -> dict[str, Any]:
    """A row."""
    tenant, group, data_id = row.key
    return {
        "id": str(row.nid),
        "lastId": -1,
        "dataId": data_id,
        "group": group,
        "tenant": tenant,
        "appName": row.app_name or "",
        "md5": row.md5,
        "content": row.content,
        "srcIp": row.src_ip,
        "srcUser": row.src_user,
        "opType": row.kind,
        "publishType": row.publish_type,
        "grayName": row.gray,
        "extInfo": row.ext_info,
        "createdTime": _time(row.created_ms),
        "lastModifiedTime": _time(row.modified_ms),
        "encryptedDataKey": row.encrypted_data_key,
    }


def detail_json(row: Past) -> dict[str, Any]:
    """A row: of an insert the content is the new one, else the one before."""
    tenant, group, data_id = row.key
    inserted = row.kind.strip() == "I"
    before = {
        "originalMd5": row.md5,
        "originalContent": row.content,
        "originalEncryptedDataKey": row.encrypted_data_key,
        "originalExtInfo": row.ext_info,
    }
    after = {
        "updatedMd5": row.md5,
        "updatedContent": row.content,
        "updatedEncryptedDataKey": row.encrypted_data_key,
        "updateExtInfo": row.ext_info,
    }
    return {
        "id": row.nid,
        "lastId": -1,
        "dataId": data_id,
        "group": group,
        "tenant": tenant,
        "appName": row.app_name or "",
        "srcIp": row.src_ip,
        "srcUser": row.src_user,
        "opType": row.kind.strip(),
        "publishType": row.publish_type,
        "grayName": row.gray,
        **(dict.fromkeys(before) if inserted else before),
        **(after if inserted else dict.fromkeys(after)),
        "createdTime": _time(row.created_ms),
        "lastModifiedTime": _time(row.modified_ms),
    }


def known_json(item: Brief) -> dict[str, Any]:
    """A config of a namespace."""
    tenant, group, data_id = item.key
    return {
        "id": "0",
        "dataId": data_id,
        "group": group,
        "content": None,
        "md5": item.md5,
        "encryptedDataKey": None,
        "tenant": tenant,
        "appName": item.app_name or "",
        "type": item.type,
        "lastModified": item.modified_ms,
    }


def _time(millis: int) -> str:
    """C{2026-11-23T16:03:21.000+00:00}."""
    return datetime.fromtimestamp(millis / 1000, timezone.utc).isoformat(timespec="milliseconds")
