"""
What can be asked of the configuration centre: frozen values, which every API makes of its own parameters.

Keys are C{(tenant, group, data_id)} with the tenant as L{nacos_tw.config.model.tenant_of} gives it. Who writes names
itself with C{ip} (the client's address) and C{user} (a name that the request gives; the one who is logged in counts for
more). Values that may not be stored are refused when the request is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import msgspec

from nacos_tw.access.resources import config_resource
from nacos_tw.config.gray import NO_LABELS
from nacos_tw.config.gray_rules import CONDITIONS, HIGHEST, LOWEST, parse
from nacos_tw.config.model import ConfigKey
from nacos_tw.config.validation import (
    check_blank,
    check_gray_name,
    check_key,
    check_labels,
    check_length,
    check_range,
    check_tag,
    check_tenant,
)

LARGEST_PAGE = 500
"""Configs or rows of history on one page; who asks for more gets these."""


class OfConfig(msgspec.Struct, frozen=True, gc=False):
    """Base of what is about one config."""

    key: ConfigKey

    def resource(self) -> str:
        """The config, as permissions name it."""
        return config_resource(*self.key)

    def details(self) -> dict[str, str]:
        """Its names, for the audit log."""
        tenant, group, data_id = self.key
        return {"tenant": tenant, "group": group, "dataId": data_id}


class OneConfig(OfConfig, frozen=True, gc=False):
    """One config."""


class Query(OfConfig, frozen=True, gc=False):
    """
    The content of a config for a client.

    C{ip}: its address. C{tag}: the copy of that tag is wanted, or none. C{vip_tag}: the client's own tag, whose copy it
    gets if there is one. C{labels}: what else is known of the client, for copies by labels.
    """

    ip: str = ""
    tag: str = ""
    vip_tag: str = ""
    labels: Mapping[str, str] = NO_LABELS


class OneCopy(OfConfig, frozen=True, gc=False):
    """A copy for some of a config, by its name: C{beta}, C{tag_<tag>} or another one."""

    name: str = "beta"


# -- writing


class BetaCopy(msgspec.Struct, frozen=True, gc=False):
    """The copy for clients of some addresses, a comma list."""

    ips: str


class TagCopy(msgspec.Struct, frozen=True, gc=False):
    """The copy for clients that ask for a tag, or have it."""

    tag: str


class LabelCopy(msgspec.Struct, frozen=True, gc=False):
    """
    The copy for clients by their labels (L{nacos_tw.config.gray_rules}), by a name of its own. Of several that mean a
    client that of the highest C{priority} is taken.
    """

    name: str
    expr: str
    version: str = CONDITIONS
    priority: int = 0


CopyFor: TypeAlias = BetaCopy | TagCopy | LabelCopy


class Publication(OfConfig, frozen=True, gc=False):
    """
    A config, or a copy of it for some, to be inserted or replaced.

    C{copy}: None for the config itself. C{cas_md5}: only if the stored md5 is this one. C{encrypted_data_key} belongs
    to the content. None for the others keeps what is stored; what describes the config is not looked at with a copy.
    """

    content: str
    type: str | None = None
    app_name: str | None = None
    labels: str | None = None
    """The comma list C{config_tags}; "" removes all."""
    desc: str | None = None
    use: str | None = None
    effect: str | None = None
    schema: str | None = None
    encrypted_data_key: str | None = None
    cas_md5: str | None = None
    ip: str | None = None
    user: str | None = None
    copy: CopyFor | None = None

    def __post_init__(self) -> None:
        check_tenant(self.key[0])
        check_key(self.key[2], self.key[1])
        check_blank(self.content)
        copy = self.copy
        if isinstance(copy, TagCopy):
            check_tag(copy.tag)
        if self.app_name:
            check_length("appName", self.app_name)
        if self.encrypted_data_key:
            check_length("encryptedDataKey", self.encrypted_data_key)
        if isinstance(copy, BetaCopy):
            check_length("betaIps", copy.ips)
        elif isinstance(copy, LabelCopy):
            check_gray_name(copy.name)
            check_range("grayPriority", copy.priority, LOWEST, HIGHEST)
            parse(copy.expr, copy.version)
        elif copy is None:
            check_labels(self.labels)
            if self.desc or self.use or self.effect or self.schema:
                for name, value in (
                    ("desc", self.desc), ("use", self.use), ("effect", self.effect), ("schema", self.schema)
                ):  # fmt: skip
                    check_length(name, value)

    def details(self) -> dict[str, str]:
        """As L{OfConfig.details}, and which copy."""
        copy = self.copy
        if copy is None:
            return super().details()
        if isinstance(copy, BetaCopy):
            return {**super().details(), "beta": "true"}
        return {**super().details(), "tag": copy.tag if isinstance(copy, TagCopy) else copy.name}


class Description(OfConfig, frozen=True, gc=False):
    """What describes a config, to be set; None keeps what is stored, "" for C{labels} removes all."""

    labels: str | None = None
    desc: str | None = None
    ip: str | None = None
    user: str | None = None

    def __post_init__(self) -> None:
        check_tenant(self.key[0])
        check_key(self.key[2], self.key[1])
        check_labels(self.labels)
        check_length("desc", self.desc)


class Removal(OfConfig, frozen=True, gc=False):
    """A config to be removed, or its copy for a tag; one that is not there is fine."""

    tag: str | None = None
    ip: str | None = None
    user: str | None = None

    def __post_init__(self) -> None:
        check_tenant(self.key[0])
        check_key(self.key[2], self.key[1])

    def details(self) -> dict[str, str]:
        """As L{OfConfig.details}, and which copy."""
        return {**super().details(), "tag": self.tag or ""}


class BetaRemoval(OfConfig, frozen=True, gc=False):
    """The beta copy of a config to be removed; one that is not there is fine."""

    ip: str | None = None
    user: str | None = None

    def __post_init__(self) -> None:
        check_tenant(self.key[0])
        check_key(self.key[2], self.key[1])

    def details(self) -> dict[str, str]:
        """As L{OfConfig.details}, and which copy."""
        return {**super().details(), "beta": "true"}


class CopyRemoval(OfConfig, frozen=True, gc=False):
    """A copy by labels to be removed, by its name; one that is not there is fine."""

    name: str
    ip: str | None = None
    user: str | None = None

    def __post_init__(self) -> None:
        check_tenant(self.key[0])
        check_key(self.key[2], self.key[1])

    def details(self) -> dict[str, str]:
        """As L{OfConfig.details}, and which copy."""
        return {**super().details(), "tag": self.name}


class RemovalByIds(msgspec.Struct, frozen=True, gc=False):
    """
    Configs to be removed, by their ids; unknown ones are left out.

    @ivar tenant: the namespace that they are in, those of others are left out too; None: in any.
    """

    ids: list[int]
    ip: str | None = None
    user: str | None = None
    tenant: str | None = None

    def resource(self) -> str:
        """None: whoever asks must be allowed to write each of them."""
        return ""

    def details(self) -> dict[str, str]:
        """The ids."""
        return {"delType": "ids", "ids": ",".join(map(str, self.ids))}


# -- looking


class Search(msgspec.Struct, frozen=True, gc=False):
    """
    Which configs; "" and () are no filter.

    @ivar blur: C{*} stands for any text in data_id, group, labels and content; every other character, C{%} and C{_}
        too, for itself.
    @ivar labels: any of them.
    """

    tenant: str = ""
    data_id: str = ""
    group: str = ""
    app_name: str = ""
    labels: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    blur: bool = False
    content: str = ""

    def resource(self) -> str:
        """What it is narrowed down to."""
        return config_resource(self.tenant, self.group, self.data_id)


class SearchPage(msgspec.Struct, frozen=True, gc=False):
    """A page of a search, from 1."""

    search: Search
    number: int = 1
    size: int = 100

    def resource(self) -> str:
        """As L{Search.resource}."""
        return self.search.resource()


class CopiesOfFound(msgspec.Struct, frozen=True, gc=False):
    """The copies for some of configs that a search has found."""

    search: Search
    keys: list[ConfigKey]

    def resource(self) -> str:
        """As L{Search.resource}."""
        return self.search.resource()


class OfNamespace(msgspec.Struct, frozen=True, gc=False):
    """All configs of a namespace."""

    tenant: str

    def resource(self) -> str:
        """All of it."""
        return config_resource(self.tenant)


class HistoryPage(OfConfig, frozen=True, gc=False):
    """A page of a config's history, newest first, from 1."""

    number: int = 1
    size: int = 100


class HistoryRow(OfConfig, frozen=True, gc=False):
    """One row of a config's history."""

    nid: int


class LastHistoryRow(OfConfig, frozen=True, gc=False):
    """The newest row of history of the config with an id."""

    config_id: int


class NoParameters(msgspec.Struct, frozen=True, gc=False):
    """What says nothing but that it is asked."""

    def resource(self) -> str:
        """None."""
        return ""

    def details(self) -> dict[str, str]:
        """None."""
        return {}
