"""What can go wrong with configs, as values without sentences; see L{nacos_tw.errors}."""

from __future__ import annotations

from typing import ClassVar

import attrs

from nacos_tw.config.model import ConfigKey
from nacos_tw.errors import BadParameter, Conflict, Forbidden, Invalid, NacosError, NotFound, Problem


class ConfigInvalid(Invalid):
    """
    A value of a request for configs breaks a rule.

    @ivar rule: C{characters}, C{length}, C{blank}, C{choice}, C{count} (too many in a list), C{bytes} (of what
        was asked for).
    """


@attrs.define(slots=False)
class CasConflict(Problem, Conflict):
    """
    A publish with casMd5 found another md5; nothing was stored.

    @ivar gray: whether it was of a copy for some.
    """

    outcome: ClassVar[str] = "failed 500"
    key: ConfigKey
    gray: bool = False


@attrs.define(slots=False)
class OverQuota(Problem, NacosError):
    """
    A limit of docs/spec/config-v1.md#6 is reached; nothing was stored.

    @ivar of: whose: C{cluster}, C{group}, C{namespace}: there are as many configs as it may have; C{size}: the content
        has more bytes.
    @ivar limit: how many.
    """

    outcome: ClassVar[str] = "refused 429"
    of: str
    limit: int


@attrs.define(slots=False)
class ConfigUnknown(Problem, NotFound):
    """There is no such config, nor a copy of it for this client."""

    key: ConfigKey


@attrs.define(slots=False)
class CopyUnknown(Problem, NotFound):
    """
    The config exists, but not for the tag that was asked for.

    @ivar type: of the config.
    """

    key: ConfigKey
    tag: str
    type: str


@attrs.define(slots=False)
class OtherConfig(Problem, Forbidden):
    """A row of history, or an id, is of another config than the one that was named with it."""

    key: ConfigKey
    number: int


@attrs.define(slots=False)
class TooManyCopies(Problem, BadParameter):
    """A config has as many copies for some as it may have."""

    key: ConfigKey
    limit: int


@attrs.define(slots=False)
class CopiesUnsupported(Problem, BadParameter):
    """The database has no table config_info_gray, which copies by labels need: it is one of a Nacos before 2.5."""


# -- import and clone


@attrs.define(slots=False)
class TargetUnknown(Problem, NotFound):
    """There is no such namespace to import into."""

    outcome: ClassVar[str] = "nothing"
    namespace: str


@attrs.define(slots=False)
class NothingToImport(Problem, BadParameter):
    """
    Nothing that could be imported.

    @ivar lacking: C{archive}: none was sent; C{entries}: none in it is a config; C{configs}: none of the ids that were
        named is known; C{ids}: none was named.
    @ivar unrecognized: entries that are no configs; C{unreadable}: those that are no text in UTF-8.
    """

    outcome: ClassVar[str] = "nothing"
    lacking: str
    unrecognized: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()


@attrs.define(slots=False)
class UnreadableEntries(Problem, BadParameter):
    """Entries of an archive are no text in UTF-8, so nothing was imported. C{unrecognized}: as L{NothingToImport}."""

    outcome: ClassVar[str] = "nothing"
    unreadable: tuple[str, ...]
    unrecognized: tuple[str, ...] = ()


@attrs.define(slots=False)
class ArchiveError(Problem, BadParameter):
    """
    An archive cannot be read, or is not one that is safe to.

    @ivar rule: what is wrong: C{entries} (more than C{limit}), C{size} (it unpacks to too much), C{nul}, C{name} (the
        name of an entry has a NUL, is too long), C{packing}, C{overlap}, C{entry} (unpacks to too much), C{metadata}
        (are too long), C{encoding} (of the metadata), C{format} (C{detail}: what the reader of archives said).
    @ivar entry: its name, where it is about one.
    """

    outcome: ClassVar[str] = "nothing"
    rule: str
    entry: str = ""
    limit: int | None = None
    detail: str = ""


@attrs.define(slots=False)
class MetadataError(Problem, BadParameter):
    """
    The metadata of an archive are not what they should be.

    @ivar rule: what is wrong: C{lines}, C{events}, C{items} (too many), C{list} (there is none), C{document} (a second
        one), C{mapping} (an item is none), C{merge}, C{text} (a value is none; C{detail}: an anchor), C{type} and
        C{length} (of a value), C{alias} (C{detail}: its name, stands for no item), C{field} (item number C{item} lacks
        C{detail}), C{yaml} (C{detail}: what the reader of YAML said), C{format} (C{detail}: what failed).
    @ivar line: from 1; 0 where it is about none.
    @ivar item: its number, from 1, likewise.
    """

    outcome: ClassVar[str] = "nothing"
    rule: str
    line: int = 0
    item: int = 0
    detail: str = ""
