"""The parameters of a config, read into commands (docs/spec/config-v1.md#1.1 to #1.3, #3.1, #9)."""

from __future__ import annotations

import attrs

from nacos_tw.config.commands import Publish, PublishBeta, PublishTag, Quotas
from nacos_tw.config.model import (
    MAX_CONTENT,
    ConfigKey,
    check_content,
    check_key,
    check_labels,
    check_length,
    check_tag,
    check_tenant,
    tenant_of,
    type_or_text,
)
from nacos_tw.errors import BadParameter
from nacos_tw.http.call import Call
from nacos_tw.http.params import NOTHING

LONGEST_ADDRESS = 50
"""Characters of a client's address, as wide as the columns for it."""


@attrs.frozen
class Limits:
    """
    Limits of publishing, from the settings.

    @ivar max_content: characters.
    @ivar quotas: the limits of docs/spec/config-v1.md#6.
    @ivar enforced: whether those are enforced (isCapacityLimitCheck).
    @ivar counted: whether usage is counted (isManageCapacity).
    """

    max_content: int = MAX_CONTENT
    quotas: Quotas = Quotas()
    enforced: bool = False
    counted: bool = True

    @property
    def in_force(self) -> Quotas | None:
        """What a publishing command has to keep to."""
        return self.quotas if self.enforced else None


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
    @raise BadParameter: it is missing, or no int.
    """
    value = call.params.get(name)
    if not value or value in NOTHING:
        if default is None:
            raise BadParameter(f"Required request parameter '{name}' for method parameter type int is not present")
        return default
    return call.integer(name)


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


def checked_key(call: Call) -> ConfigKey:
    """
    L{key_of} of a config that may exist.

    @raise BadParameter: there can be no such config.
    """
    key = key_of(call)
    check_tenant(key[0])
    check_key(key[2], key[1])
    return key


def client_ip(call: Call) -> str:
    """The client's address: first of X-Forwarded-For, else X-Real-IP, else the peer's (docs/spec/config-v1.md#1.3)."""
    head = call.head.lower()
    found = ""
    if b"\r\nx-forwarded-for:" in head:
        found = call.header(b"x-forwarded-for").partition(",")[0].strip()
    if not found and b"\r\nx-real-ip:" in head:
        found = call.header(b"x-real-ip")
    return (found or call.peer)[:LONGEST_ADDRESS]


def source_user(call: Call) -> str | None:
    """Who does it: the user who is logged in, else whom the call names."""
    if call.identity.name:
        return call.identity.name[:128]
    params = call.params
    user = params.get("src_user") or params.get("username")
    return user[:128] if user else None


def publication(call: Call, limits: Limits, at_ms: int) -> Publish | PublishBeta | PublishTag:
    """
    What POST publishes: the config, its beta copy (header betaIps) or a tag's copy.

    @raise BadParameter: a parameter is missing or refused; checked in Nacos's order.
    """
    params = call.params
    key, content, tag = _what_and_where(call, limits)
    app_name, secret = params.get("appName"), params.get("encryptedDataKey")
    check_length("appName", app_name)
    check_length("encryptedDataKey", secret)
    head = call.head.lower()
    cas_md5 = (call.header(b"casmd5") or None) if b"\r\ncasmd5:" in head else None
    beta_ips = call.header(b"betaips") if b"\r\nbetaips:" in head else ""
    ip, user = client_ip(call), source_user(call)
    if beta_ips:
        check_length("betaIps", beta_ips)
        return PublishBeta(key, content, beta_ips, at_ms, app_name, ip, user, cas_md5, secret)
    if tag:
        return PublishTag(key, content, tag, at_ms, app_name, ip, user, cas_md5, secret)
    labels, desc, use = params.get("config_tags"), params.get("desc"), params.get("use")
    effect, schema = params.get("effect"), params.get("schema")
    check_labels(labels)
    for name, value in (("desc", desc), ("use", use), ("effect", effect), ("schema", schema)):
        if value:
            check_length(name, value)
    kind = type_or_text(params.get("type") or None)
    return Publish(
        key, content, kind, at_ms, app_name, labels, desc, use, effect, schema, ip, user, cas_md5, secret,
        limits.in_force, limits.counted,
    )  # fmt: skip


def _what_and_where(call: Call, limits: Limits) -> tuple[ConfigKey, str, str | None]:
    """The key, the content and the tag of what is published, checked."""
    content, key = call.params.get("content"), key_of(call)
    if content is None:
        content = needed(call, "content")
    check_tenant(key[0])
    check_key(key[2], key[1])
    check_content(content, limits.max_content)
    tag = call.params.get("tag")
    if tag:
        check_tag(tag)
    return key, content, tag
