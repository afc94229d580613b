"""C{/v1/cs/history}: what configs were before (docs/spec/config-v1.md#5)."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, ClassVar

import attrs
from klein import Klein
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from nacos_tw.access.operations import rule_of
from nacos_tw.config.model import tenant_of
from nacos_tw.config.operations.contents import Contents
from nacos_tw.config.operations.history import History
from nacos_tw.config.problems import OtherConfig
from nacos_tw.config.requests import HistoryPage, HistoryRow, LastHistoryRow, OfNamespace
from nacos_tw.config.rows import Brief, Past
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply, text_reply
from nacos_tw.http.routing import serve
from nacos_tw.http.v1 import config_reading as reading
from nacos_tw.http.v1.config_replies import EMPTY, json_utf8, page
from nacos_tw.paging import Page

PAGE_SIZE = 100
OTHER = "Please check dataId, group or namespaceId."


@attrs.frozen
class HistoryV1:
    """The rows of history."""

    prefix: ClassVar[str] = "/v1/cs/history"
    app = Klein()
    guard: Guard
    past: History
    contents: Contents

    @serve(app, "GET", "", needs=rule_of(History.page))
    def history(self, call: Call) -> Deferred[Reply]:
        """A page of a config's rows (C{search=accurate}), or one row."""
        key = reading.key_of(call)
        if call.params.get("search") == "accurate":
            request = HistoryPage(key, reading.integer(call, "pageNo", 1), reading.integer(call, "pageSize", PAGE_SIZE))
            return self.past.page(call, request).addCallback(_rows)
        nid = reading.number(reading.needed(call, "nid"))
        return self.past.row(call, HistoryRow(key, nid)).addCallback(_row).addErrback(_other, call)

    @serve(app, "GET", "/previous", needs=rule_of(History.last))
    def previous(self, call: Call) -> Deferred[Reply]:
        """The newest row of the config with an id."""
        number = reading.number(reading.needed(call, "id"))
        found = self.past.last(call, LastHistoryRow(reading.key_of(call), number))
        return found.addCallback(_row).addErrback(_other, call)

    @serve(app, "GET", "/configs", needs=rule_of(Contents.of_namespace))
    def configs_of(self, call: Call) -> Deferred[Reply]:
        """All configs of a namespace."""
        request = OfNamespace(tenant_of(reading.needed(call, "tenant")))
        found = self.contents.of_namespace(call, request)
        return found.addCallback(lambda items: json_utf8([known(item) for item in items]))


def _rows(found: Page[Past]) -> Reply:
    return page(found, map(past, found.items))


def _row(found: Past | None) -> Reply:
    return EMPTY if found is None else json_utf8(past(found))


def _other(failure: Failure, call: Call) -> Reply:
    """The row is another config's: the bare text."""
    failure.trap(OtherConfig)
    return text_reply(OTHER, call, 403)


def past(row: Past) -> dict[str, Any]:
    """A row (docs/spec/config-v1.md#5.1)."""
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
        "createdTime": timestamp(row.created_ms),
        "lastModifiedTime": timestamp(row.modified_ms),
        "encryptedDataKey": row.encrypted_data_key,
    }


def known(item: Brief) -> dict[str, Any]:
    """A config of a namespace (docs/spec/config-v1.md#5.5)."""
    tenant, group, data_id = item.key
    return {
        "id": str(item.id),
        "dataId": data_id,
        "group": group,
        "content": None,
        "md5": None,
        "encryptedDataKey": None,
        "tenant": tenant,
        "appName": item.app_name or "",
        "type": item.type,
        "lastModified": item.modified_ms,
    }


def timestamp(millis: int) -> str:
    """C{2026-11-23T16:03:21.000+00:00}."""
    return datetime.fromtimestamp(millis / 1000, timezone.utc).isoformat(timespec="milliseconds")
