"""Configs, their copies and their history, as v3 writes them (docs/spec/http-v2-v3.md#1.5)."""

from __future__ import annotations

from typing import Any

import msgspec

from nacos_tw.config.model import ConfigKey, CopyRow, Item, md5_of
from nacos_tw.config.rows import Brief, Past
from nacos_tw.http.api.configs import Face
from nacos_tw.http.api.parameters import FORM, text

FACE = Face(text("groupName", "The group.", needed=FORM))


def named(id: int, key: ConfigKey) -> dict[str, Any]:
    """Id and names."""
    tenant, group, data_id = key
    return {"id": str(id), "namespaceId": tenant or "public", "groupName": group, "dataId": data_id}


def basic(item: Item) -> dict[str, Any]:
    """A config of a list."""
    return {
        **named(item.id, item.key),
        "md5": item.md5 or md5_of(item.content),
        "type": item.type,
        "appName": item.app_name or "",
        "createTime": item.created_ms,
        "modifyTime": item.modified_ms,
    }


def brief(item: Brief) -> dict[str, Any]:
    """A config of a namespace."""
    return {
        **named(item.id, item.key),
        "md5": item.md5,
        "type": item.type,
        "appName": item.app_name or "",
        "createTime": 0,
        "modifyTime": item.modified_ms,
    }


def detail(item: Item) -> dict[str, Any]:
    """A whole config."""
    return {
        **basic(item),
        "content": item.content,
        "desc": item.desc,
        "encryptedDataKey": item.encrypted_data_key,
        "createUser": item.src_user,
        "createIp": item.src_ip,
        "configTags": item.tags,
        "schema": item.schema,
    }


def gray(copy: CopyRow, rule: str) -> dict[str, Any]:
    """@param rule: JSON: who gets it."""
    return {
        **named(copy.id, copy.key),
        "md5": copy.md5,
        "type": None,
        "appName": copy.app_name or "",
        "createTime": copy.modified_ms,
        "modifyTime": copy.modified_ms,
        "content": copy.content,
        "desc": None,
        "encryptedDataKey": copy.encrypted_data_key,
        "createUser": copy.src_user,
        "createIp": copy.src_ip,
        "configTags": None,
        "schema": None,
        "grayName": copy.name,
        "grayRule": rule,
    }


def past(row: Past) -> dict[str, Any]:
    """A row of history in a list."""
    return {
        **named(row.nid, row.key),
        "md5": row.md5,
        "type": None,
        "appName": row.app_name or "",
        "createTime": row.created_ms,
        "modifyTime": row.modified_ms,
        "srcIp": row.src_ip,
        "srcUser": row.src_user,
        "opType": row.kind,
        "publishType": row.publish_type,
    }


def past_detail(row: Past) -> dict[str, Any]:
    """A row of history with its content."""
    return {
        **past(row),
        "content": row.content,
        "encryptedDataKey": row.encrypted_data_key,
        "grayName": row.gray,
        "extInfo": row.ext_info,
        "schema": _schema(row.ext_info),
    }


def _schema(ext_info: str | None) -> str | None:
    """What the config had as its schema then, where the database keeps such of its history."""
    try:
        return msgspec.json.decode(ext_info or "{}", type=_Details).c_schema
    except msgspec.MsgspecError:
        return None


class _Details(msgspec.Struct):
    """Of L{Past.ext_info}."""

    c_schema: str | None = None
