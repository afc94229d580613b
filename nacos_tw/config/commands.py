"""What changes the configuration centre: one value per way; L{nacos_tw.database.commands} makes bytes of them.

Everything that the database's state does not decide is in the command (times, addresses, users, ids of namespaces), so
that the same commands make the same rows on every node. The tags and the order of fields are the format of the log on
disk: new commands get new tags, new fields go to the end with a default. Tags 1 to 19 are those of configs.
"""

from __future__ import annotations

import msgspec

from nacos_tw.config.model import ConfigKey

ABORT = "ABORT"
SKIP = "SKIP"
OVERWRITE = "OVERWRITE"


class _Command(msgspec.Struct, frozen=True, array_like=True, gc=False, tag_field="command"):
    """Base of all: frozen, encoded as an array that starts with the tag."""


class _Part(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Base of what commands hold: an array of the fields."""


class Quotas(_Part, frozen=True, array_like=True):
    """
    The limits in force (not a command): property values that stand in where a capacity row says 0 or is missing.
    Configs in all, per group of the public namespace, per namespace; bytes of a content.
    """

    cluster: int = 100_000
    group: int = 200
    tenant: int = 200
    max_size: int = 102_400


class Publish(_Command, frozen=True, array_like=True, tag=1):
    """
    Insert or update a config, with its history row (docs/spec/config-v1.md#5.4). None for C{type}, C{app_name},
    C{tags}, C{desc}, C{use},
    C{effect}, C{schema}: keep what is stored. C{encrypted_data_key} belongs to the content: None clears it.
    C{cas_md5}: only if the stored md5 is this one (a config that does not exist is inserted all the same, as by 2.5.1).
    C{quotas}: limits to enforce, None when they are off. C{counted}: keep the usage counters (isManageCapacity).

    Result: True, or L{CasConflict<nacos_tw.config.problems.CasConflict>},
    L{OverQuota<nacos_tw.config.problems.OverQuota>}.
    """

    key: ConfigKey
    content: str
    type: str | None
    at_ms: int
    app_name: str | None = None
    tags: str | None = None
    """The comma list; "" removes all labels."""
    desc: str | None = None
    use: str | None = None
    effect: str | None = None
    schema: str | None = None
    src_ip: str | None = None
    src_user: str | None = None
    cas_md5: str | None = None
    encrypted_data_key: str | None = None
    quotas: Quotas | None = None
    counted: bool = True


class PublishBeta(_Command, frozen=True, array_like=True, tag=2):
    """Insert or replace the beta copy of a config, which need not exist. Result: True, or CasConflict by its md5."""

    key: ConfigKey
    content: str
    beta_ips: str
    at_ms: int
    app_name: str | None = None
    src_ip: str | None = None
    src_user: str | None = None
    cas_md5: str | None = None
    encrypted_data_key: str | None = None


class PublishTag(_Command, frozen=True, array_like=True, tag=3):
    """Insert or replace the copy of a config for a tag. Result: True, or CasConflict by its md5."""

    key: ConfigKey
    content: str
    tag: str
    at_ms: int
    app_name: str | None = None
    src_ip: str | None = None
    src_user: str | None = None
    cas_md5: str | None = None
    encrypted_data_key: str | None = None


class Remove(_Command, frozen=True, array_like=True, tag=4):
    """Remove a config with its labels and a history row; or, with C{tag}, only that copy. Result: True, always."""

    key: ConfigKey
    at_ms: int
    tag: str | None = None
    src_ip: str | None = None
    src_user: str | None = None
    counted: bool = True


class RemoveMany(_Command, frozen=True, array_like=True, tag=5):
    """Remove configs by their ids; unknown ones are left out. Result: how many were there."""

    ids: list[int]
    at_ms: int
    src_ip: str | None = None
    src_user: str | None = None
    counted: bool = True


class StopBeta(_Command, frozen=True, array_like=True, tag=6):
    """Remove the beta copy. Result: True, always."""

    key: ConfigKey
    at_ms: int
    src_ip: str | None = None
    src_user: str | None = None


class ImportItem(_Part, frozen=True, array_like=True):
    """One config of an L{Import} (not a command). None keeps what is stored, as in L{Publish}."""

    key: ConfigKey
    content: str
    type: str | None = None
    app_name: str | None = None
    desc: str | None = None
    encrypted_data_key: str | None = None


class Import(_Command, frozen=True, array_like=True, tag=7):
    """
    Insert many configs (import and clone); C{policy} says what is done about one that exists: C{ABORT}, C{SKIP},
    C{OVERWRITE}. All in one transaction. Result: L{Imported<nacos_tw.config.rows.Imported>}, or OverQuota:
    then none of them was stored.
    """

    items: list[ImportItem]
    policy: str
    at_ms: int
    src_ip: str | None = None
    src_user: str | None = None
    quotas: Quotas | None = None
    counted: bool = True


class EnsureCapacity(_Command, frozen=True, array_like=True, tag=8):
    """
    Create the capacity row of a namespace (C{tenant} not "") or else of a group ("" is the whole cluster), with its
    usage counted, if there is none (docs/spec/config-v1.md#6.1). Result: the row, a
    L{Capacity<nacos_tw.config.rows.Capacity>}.
    """

    group: str
    tenant: str
    at_ms: int


class SetCapacity(_Command, frozen=True, array_like=True, tag=9):
    """Set limits of a namespace or group; None keeps. The row is created if there is none. Result: True."""

    group: str
    tenant: str
    at_ms: int
    quota: int | None = None
    max_size: int | None = None
    max_aggr_count: int | None = None
    max_aggr_size: int | None = None


class CountUsage(_Command, frozen=True, array_like=True, tag=10):
    """Count every usage column anew. Result: True. For a database that others wrote to, and now and then."""

    at_ms: int


class TrimHistory(_Command, frozen=True, array_like=True, tag=11):
    """Delete at most C{limit} history rows older than C{before_ms}. Result: how many went; repeat until fewer."""

    before_ms: int
    limit: int = 1000


class PublishGray(_Command, frozen=True, array_like=True, tag=12):
    """
    Insert or replace a copy of a config by labels. C{rule}: as config_info_gray has it. C{most}: copies that a config
    may have. Result: True, or CasConflict by its md5, TooManyCopies, CopiesUnsupported.
    """

    key: ConfigKey
    content: str
    name: str
    rule: str
    at_ms: int
    app_name: str | None = None
    src_ip: str | None = None
    src_user: str | None = None
    cas_md5: str | None = None
    encrypted_data_key: str | None = None
    most: int = 10


class RemoveGray(_Command, frozen=True, array_like=True, tag=13):
    """Remove a copy of a config by labels. Result: True, always."""

    key: ConfigKey
    name: str
    at_ms: int
    src_ip: str | None = None
    src_user: str | None = None


class Change(_Part, frozen=True, array_like=True):
    """
    One config of a L{Batch} (not a command).

    C{content}: None removes it. C{expected}: only if the stored md5 is this one, "" for: only if there is none; None:
    whatever is there. None for the others keeps what is stored, as in L{Publish}.
    """

    key: ConfigKey
    content: str | None
    expected: str | None = None
    type: str | None = None
    app_name: str | None = None
    tags: str | None = None
    desc: str | None = None


class Batch(_Command, frozen=True, array_like=True, tag=18):
    """
    Configs that belong together are published and removed, all of them or none. Proposed only when every member knows
    it. Result: True, or L{CasConflict<nacos_tw.config.problems.CasConflict>} of the first that is not as expected,
    OverQuota.
    """

    changes: list[Change]
    at_ms: int
    src_ip: str | None = None
    src_user: str | None = None
    quotas: Quotas | None = None
    counted: bool = True


Command = (
    Publish
    | PublishBeta
    | PublishTag
    | Remove
    | RemoveMany
    | StopBeta
    | Import
    | EnsureCapacity
    | SetCapacity
    | CountUsage
    | TrimHistory
    | PublishGray
    | RemoveGray
    | Batch
)
"""Any of them."""
