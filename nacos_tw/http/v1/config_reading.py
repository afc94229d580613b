"""The parameters of a config, read into requests (docs/spec/config-v1.md#1.1 to #1.3, #3.1, #9)."""

from __future__ import annotations

from nacos_tw.config.model import ConfigKey, labels_of, tenant_of
from nacos_tw.config.requests import BetaCopy, BetaRemoval, Publication, Query, Removal, RemovalByIds, Search, TagCopy
from nacos_tw.errors import BadParameter
from nacos_tw.http.call import Call
from nacos_tw.http.client_address import client_ip, source_user
from nacos_tw.http.params import NOTHING


def needed(call: Call, name: str) -> str:
    """
    A parameter that must be there; it may be empty.

    @raise BadParameter: with Spring's text.
    """
    value = call.params.get(name)
    if value is None:
        raise BadParameter(f"Required request parameter '{name}' for method parameter type String is not present")
    return value


def integer(call: Call, name: str, default: int | None = None) -> int:
    """
    A Java int.

    @param default: where it is missing; None if it must be there.
    @raise BadParameter: it is missing, or no int; with Spring's texts.
    """
    value = call.params.get(name)
    if not value or value in NOTHING:
        if default is None:
            raise BadParameter(f"Required request parameter '{name}' for method parameter type int is not present")
        return default
    try:
        return call.integer(name)
    except BadParameter as error:
        java = "int" if default is None else "java.lang.Integer"
        raise BadParameter(
            f"Failed to convert value of type 'java.lang.String' to required type '{java}'; "
            f"nested exception is java.lang.NumberFormatException: {error}"
        ) from None


def number(text: str) -> int:
    """
    A Java long: an id.

    @raise BadParameter: it is none.
    """
    if text.isascii() and text.isdigit() and len(text) < 20:
        return int(text)
    raise BadParameter(f'For input string: "{text}"')


def ids_of(text: str) -> list[int]:
    """A comma list of ids; blanks between commas count for nothing."""
    return [number(part) for each in text.split(",") if (part := each.strip())]


def key_of(call: Call) -> ConfigKey:
    """
    The config that a call is about.

    @raise BadParameter: dataId or group is missing.
    """
    params = call.params
    data_id, group = params.get("dataId"), params.get("group")
    if data_id is None or group is None:
        data_id, group = needed(call, "dataId"), needed(call, "group")
    return tenant_of(params.get("tenant")), group, data_id


def query(call: Call, key: ConfigKey) -> Query:
    """What a client wants to read of a config."""
    params = call.params
    return Query(key, client_ip(call), params.get("tag", ""), call.header(b"vipserver-tag"))


def search(call: Call) -> Search:
    """Which configs are looked for."""
    params = call.params
    blur = params["search"] == "blur"
    return Search(
        tenant_of(params.get("tenant")),
        needed(call, "dataId"),
        needed(call, "group"),
        params.get("appName", ""),
        tuple(labels_of(params.get("config_tags", ""))),
        tuple(labels_of(params.get("types", ""))) if blur else (),
        blur,
    )


def publication(call: Call) -> Publication:
    """
    What POST publishes: the config, its beta copy (header betaIps) or a tag's copy.

    @raise BadParameter: a parameter is missing or refused; checked in Nacos's order.
    """
    params = call.params
    content, key = params.get("content"), key_of(call)
    if content is None:
        content = needed(call, "content")
    head = call.lower_head
    cas_md5 = (call.header(b"casmd5") or None) if head.find(b"\r\ncasmd5:") >= 0 else None
    beta_ips = call.header(b"betaips") if head.find(b"\r\nbetaips:") >= 0 else ""
    tag = params.get("tag")
    return Publication(
        key,
        content,
        params.get("type") or None,
        params.get("appName"),
        params.get("config_tags"),
        params.get("desc"),
        params.get("use"),
        params.get("effect"),
        params.get("schema"),
        params.get("encryptedDataKey"),
        cas_md5,
        client_ip(call),
        source_user(call, "src_user"),
        BetaCopy(beta_ips) if beta_ips else TagCopy(tag) if tag else None,
    )


def config_removal(call: Call) -> Removal:
    """The config, or its copy for a tag, that DELETE removes."""
    return Removal(key_of(call), call.params.get("tag") or None, client_ip(call), source_user(call, "src_user"))


def beta_removal(call: Call) -> BetaRemoval:
    """The beta copy that DELETE removes."""
    return BetaRemoval(key_of(call), client_ip(call), source_user(call, "src_user"))


def removal_by_ids(call: Call) -> RemovalByIds:
    """The configs that DELETE removes by their ids."""
    return RemovalByIds(ids_of(needed(call, "ids")), client_ip(call), source_user(call, "src_user"))
