"""What the database knows of configs, as values: results of queries and commands, whatever the API."""

from __future__ import annotations

from typing import NamedTuple

import attrs
import msgspec

from nacos_tw.config.model import ConfigKey


@attrs.frozen
class Brief:
    """A config of a list, without its content. C{modified_ms}: in ms."""

    id: int
    key: ConfigKey
    md5: str
    app_name: str | None
    type: str | None
    modified_ms: int


class Sized(NamedTuple):
    """A config without its content, but with the bytes of that."""

    id: int
    key: ConfigKey
    size: int


class Past(msgspec.Struct, frozen=True, gc=False):
    """
    A row of history; times in ms.

    @ivar nid: what the API calls id.
    @ivar config_id: 0 for an insert.
    @ivar kind: C{I} (content: the new one), C{U} (content: the one before) or C{D} (content: the last one).
    @ivar content: None in lists, as md5.
    @ivar gray: the copy's name, C{beta} or C{tag_<tag>}; "" for the config itself.
    """

    nid: int
    config_id: int
    key: ConfigKey
    kind: str
    created_ms: int
    modified_ms: int
    app_name: str | None = None
    src_ip: str | None = None
    src_user: str | None = None
    content: str | None = None
    md5: str | None = None
    encrypted_data_key: str = ""
    publish_type: str = "formal"
    gray: str = ""
    ext_info: str | None = None


class Capacity(msgspec.Struct, frozen=True, gc=False):
    """
    The quota and usage of a namespace or a group; a limit of 0 stands for the property's. Times in ms.

    @ivar group: None in a namespace's row.
    @ivar tenant: None in a group's row.
    """

    id: int
    group: str | None
    tenant: str | None
    quota: int
    usage: int
    max_size: int
    max_aggr_count: int
    max_aggr_size: int
    created_ms: int
    modified_ms: int


@attrs.define
class Imported:
    """
    What became of configs that were imported.

    @ivar succeeded: how many were inserted or, with C{OVERWRITE}, updated.
    @ivar skipped: those that exist (C{SKIP}), or that come after the one that failed (C{ABORT}; skipCount has them, as
        in 2.5.1).
    @ivar failed: the one that exists (C{ABORT}).
    """

    succeeded: int = 0
    skipped: list[ConfigKey] = attrs.Factory(list)
    failed: list[ConfigKey] = attrs.Factory(list)
