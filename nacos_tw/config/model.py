"""
A config as a value: its key, its row, its copies for some clients, and what may be stored (docs/spec/config-v1.md#1.2
and #9).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import TypeAlias

import msgspec

from nacos_tw.errors import BadParameter, NacosError

ConfigKey: TypeAlias = tuple[str, str, str]
"""C{(tenant, group, data_id)}; the public namespace is C{""}."""

PUBLIC = ""
DEFAULT_TYPE = "text"
TYPES = frozenset(("properties", "xml", "json", "text", "html", "yaml", "toml", "unset"))

MAX_CONTENT = 10 * 1024 * 1024
"""Characters, property C{maxContent}."""


class CasRefused(NacosError):  # noqa: N818 - named as its sisters in nacos_tw.errors
    """A publish with casMd5 found another md5; nothing was stored. Answered with status 500, as 2.5.1 does."""

    def __init__(self, gray: bool = False) -> None:
        super().__init__(f"Cas publish {'gray config ' if gray else ''}fail, server md5 may have changed.")


class QuotaExceeded(NacosError):  # noqa: N818
    """A limit of docs/spec/config-v1.md#6 is reached; nothing was stored. Answered with status 429."""

    outcome = "refused 429"


class Item(msgspec.Struct, frozen=True, gc=False):
    """A row of config_info; times in ms."""

    id: int
    key: ConfigKey
    content: str
    md5: str
    created_ms: int
    modified_ms: int
    src_user: str | None = None
    src_ip: str | None = None
    app_name: str | None = None
    desc: str | None = None
    use: str | None = None
    effect: str | None = None
    type: str | None = None
    schema: str | None = None
    encrypted_data_key: str = ""
    tags: str | None = None
    """Labels as a comma list in the order they were given; only L{nacos_tw.config.store_search.full_row} fills it."""


class Copy(msgspec.Struct, frozen=True, gc=False):
    """Another content of a config, for some clients: the beta copy (C{tag} is None) or that of a tag."""

    id: int
    key: ConfigKey
    tag: str | None
    content: str
    md5: str
    modified_ms: int
    beta_ips: str = ""
    """Comma list as it was sent; "" for a tag's."""
    app_name: str | None = None
    src_user: str | None = None
    src_ip: str | None = None
    encrypted_data_key: str = ""


def tenant_of(text: str | None) -> str:
    """
    The namespace that a request names: "", blanks, C{public} and C{null} in any case are the public one
    (docs/spec/config-v1.md#1.2).
    """
    if not text:
        return PUBLIC
    text = text.strip()
    return PUBLIC if text.lower() in ("public", "null") else text


def md5_of(content: str) -> str:
    """Lower-case hex md5 of the content in UTF-8: the md5 columns, Content-MD5, and what listeners compare."""
    return hashlib.md5(content.encode(), usedforsecurity=False).hexdigest()


def group_key(key: ConfigKey) -> str:
    """C{dataId+group[+tenant]} with C{+} and C{%} of the parts coded (docs/spec/config-v1.md#3.12)."""
    tenant, group, data_id = key
    text = f"{_coded(data_id)}+{_coded(group)}"
    return f"{text}+{_coded(tenant)}" if tenant else text


def named(key: ConfigKey) -> str:
    """The config as a message names it."""
    tenant, group, data_id = key
    return f"the config '{data_id}' of group '{group}'" + (f" of namespace '{tenant}'" if tenant else "")


def _coded(part: str) -> str:
    return part.replace("%", "%25").replace("+", "%2B")


def type_or_text(text: str | None) -> str | None:
    """The C{type} parameter as it is stored: an unknown one is C{text}; None (not sent) stays None."""
    return text if text is None or text in TYPES else DEFAULT_TYPE


def labels_of(text: str) -> list[str]:
    """The labels of a comma list C{config_tags}: trimmed, without blank ones, each once, in their order."""
    return list(dict.fromkeys(label for part in text.split(",") if (label := part.strip())))


# -- what may be stored; each raises BadParameter with the text of docs/spec/config-v1.md#9.1

_PLAIN = re.compile(r"[A-Za-z0-9_\-.:]+")


def _legal(text: str) -> bool:
    """Letters and digits of any script (of the basic plane, as Java's chars see them) and C{_-.:}."""
    if _PLAIN.fullmatch(text):
        return True
    return bool(text) and all(
        char in "_-.:" or (char <= "\uffff" and unicodedata.category(char) in ("Lu", "Ll", "Lt", "Lm", "Lo", "Nd"))
        for char in text
    )


def check_key(data_id: str, group: str) -> None:
    """dataId and group: legal characters (dataId may have blanks around it), not longer than their columns."""
    if not _legal(data_id.strip()):
        raise BadParameter(f"invalid dataId : {data_id}")
    if not _legal(group):
        raise BadParameter(f"invalid group : {group}")
    if len(data_id) > 255:
        raise BadParameter("Param 'dataId' is illegal, the param length should not exceed 255.")
    if len(group) > 128:
        raise BadParameter("Param 'group' is illegal, the param length should not exceed 128.")


def check_content(content: str, limit: int = MAX_CONTENT) -> None:
    """Not blank, at most C{limit} characters."""
    if not content.strip():
        raise BadParameter(f"content is blank : {content}")
    check_characters(len(content), limit)


def check_characters(count: int, limit: int = MAX_CONTENT) -> None:
    """A content of so many characters is not too long."""
    if count > limit:
        raise BadParameter(f"invalid content, over {limit}")


def check_tenant(tenant: str) -> None:
    """The namespace's id; the public one passes."""
    if not tenant:
        return
    if not _legal(tenant.strip()):
        raise BadParameter("invalid tenant")
    if len(tenant) > 128:
        raise BadParameter("too long tag, over 128")


def check_tag(tag: str | None) -> None:
    """The name of a tagged copy; none passes."""
    if not tag:
        return
    if not _legal(tag.strip()):
        raise BadParameter(f"invalid tag : {tag}")
    if len(tag) > 16:
        raise BadParameter("too long tag, over 16")


def check_labels(config_tags: str | None) -> None:
    """At most five labels of at most 64 characters."""
    if not config_tags:
        return
    labels = config_tags.split(",")
    if len(labels) > 5:
        raise BadParameter("too much config_tags, over 5")
    if any(len(label) > 64 for label in labels):
        raise BadParameter("too long tag, over 64")


_LIMITS = {
    "desc": 128,
    "use": 32,
    "effect": 32,
    "type": 32,
    "schema": 32768,
    "appName": 128,
    "betaIps": 1024,
    "encryptedDataKey": 1024,
}


def check_length(name: str, value: str | None) -> None:
    """One of C{desc use effect type schema appName betaIps encryptedDataKey}; None passes."""
    limit = _LIMITS[name]
    if value is not None and len(value) > limit:
        raise BadParameter(f"too long {name}, over {limit}")
