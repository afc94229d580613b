"""A config as a value: its key, its row, its copies for some clients (docs/spec/config-v1.md#1.2)."""

from __future__ import annotations

import hashlib
from typing import TypeAlias

import msgspec

ConfigKey: TypeAlias = tuple[str, str, str]
"""C{(tenant, group, data_id)}; the public namespace is C{""}."""

PUBLIC = ""
DEFAULT_TYPE = "text"
TYPES = frozenset(("properties", "xml", "json", "text", "html", "yaml", "toml", "unset"))

MAX_CONTENT = 10 * 1024 * 1024
"""Characters, property C{maxContent}."""


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


class CopyRow(msgspec.Struct, frozen=True, gc=False):
    """
    Another content of a config, for some clients: the beta copy (C{tag} is None), that of a tag, or one by labels
    (C{label} is its name, C{rule} the rule as config_info_gray has it).
    """

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
    label: str = ""
    rule: str = ""

    @property
    def name(self) -> str:
        """As L{nacos_tw.config.gray} names it."""
        return self.label or ("beta" if self.tag is None else f"tag_{self.tag}")


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
