"""
What may be stored (docs/spec/config-v1.md#9.1): checks that need no state. Each raises L{ConfigInvalid} with the name
of the parameter as APIs call it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from nacos_tw.config.model import MAX_CONTENT
from nacos_tw.config.problems import ConfigInvalid

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
        raise ConfigInvalid("dataId", "characters", data_id)
    if not _legal(group):
        raise ConfigInvalid("group", "characters", group)
    if len(data_id) > 255:
        raise ConfigInvalid("dataId", "length", data_id, 255)
    if len(group) > 128:
        raise ConfigInvalid("group", "length", group, 128)


def check_blank(content: str) -> None:
    """A content is not blank."""
    if not content.strip():
        raise ConfigInvalid("content", "blank", content)


def check_characters(count: int, limit: int = MAX_CONTENT) -> None:
    """A content of so many characters is not too long."""
    if count > limit:
        raise ConfigInvalid("content", "length", limit=limit)


def check_tenant(tenant: str) -> None:
    """The namespace's id; the public one passes."""
    if not tenant:
        return
    if not _legal(tenant.strip()):
        raise ConfigInvalid("tenant", "characters", tenant)
    if len(tenant) > 128:
        raise ConfigInvalid("tenant", "length", tenant, 128)


def check_tag(tag: str | None) -> None:
    """The name of a tagged copy; none passes."""
    if not tag:
        return
    if not _legal(tag.strip()):
        raise ConfigInvalid("tag", "characters", tag)
    if len(tag) > 16:
        raise ConfigInvalid("tag", "length", tag, 16)


def check_gray_name(name: str) -> None:
    """The name of a copy by labels: not another kind's, nor a folder's; as long as the history has it."""
    if not _legal(name) or name in ("beta", ".", ".."):
        raise ConfigInvalid("grayName", "characters", name)
    if len(name) > 50:
        raise ConfigInvalid("grayName", "length", name, 50)


def check_range(name: str, value: int, lowest: int, highest: int) -> None:
    """A number is neither lower nor higher."""
    if not lowest <= value <= highest:
        raise ConfigInvalid(name, "range", value, (lowest, highest))


def check_labels(config_tags: str | None) -> None:
    """At most five labels of at most 64 characters."""
    if not config_tags:
        return
    labels = config_tags.split(",")
    if len(labels) > 5:
        raise ConfigInvalid("config_tags", "count", config_tags, 5)
    if any(len(label) > 64 for label in labels):
        raise ConfigInvalid("config_tags", "length", config_tags, 64)


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
        raise ConfigInvalid(name, "length", value, limit)


def check_choice(name: str, value: str, choices: Collection[str]) -> None:
    """A value is one of some."""
    if value not in choices:
        raise ConfigInvalid(name, "choice", value, tuple(choices))
