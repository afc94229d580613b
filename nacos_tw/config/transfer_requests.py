"""Exports, imports and clones of configs that can be asked for; see L{nacos_tw.config.requests}."""

from __future__ import annotations

import msgspec

from nacos_tw.access.resources import config_resource
from nacos_tw.config.commands import ABORT, OVERWRITE, SKIP
from nacos_tw.config.requests import Search
from nacos_tw.config.validation import check_choice, check_tenant

POLICIES = (ABORT, SKIP, OVERWRITE)


class Export(msgspec.Struct, frozen=True, gc=False):
    """
    An archive of the configs with these ids, or, if there are none given, of a search; of those that the asker may
    read.

    @ivar version: of the archive, 1 or 2.
    @ivar within: whether ids count only in the namespace of the search.
    """

    search: Search
    ids: list[int]
    version: int = 2
    within: bool = False

    def resource(self) -> str:
        """As L{Search.resource}."""
        return self.search.resource()


class ArchiveImport(msgspec.Struct, frozen=True, gc=False):
    """
    An archive to be imported into a namespace.

    @ivar data: the archive; None: there was none.
    @ivar policy: what is done about a config that exists: C{ABORT}, C{SKIP}, C{OVERWRITE}.
    @ivar unreadable: about an entry that is no text: C{abort}: then nothing is imported; C{skip}.
    """

    tenant: str
    data: bytes | None
    policy: str = ABORT
    unreadable: str = "abort"
    ip: str | None = None
    user: str | None = None

    def __post_init__(self) -> None:
        check_choice("policy", self.policy, POLICIES)
        check_choice("unreadable", self.unreadable, ("abort", "skip"))
        check_tenant(self.tenant)

    def resource(self) -> str:
        """All of the namespace."""
        return config_resource(self.tenant)

    def details(self) -> dict[str, str]:
        """Where to, and how."""
        return {"namespace": self.tenant, "import": "true", "policy": self.policy}


class CloneItem(msgspec.Struct, frozen=True, gc=False):
    """A config to be cloned, and what the copy is called if not the same ("")."""

    id: int
    group: str = ""
    data_id: str = ""


class Cloning(msgspec.Struct, frozen=True, gc=False):
    """
    Configs to be copied into a namespace, as L{ArchiveImport}. Of items with the same id the last counts.

    @ivar source: the namespace that they are in; None: in any.
    """

    tenant: str
    items: tuple[CloneItem, ...]
    policy: str = ABORT
    ip: str | None = None
    user: str | None = None
    source: str | None = None

    def __post_init__(self) -> None:
        check_tenant(self.tenant)
        check_choice("policy", self.policy, POLICIES)

    def resource(self) -> str:
        """All of the namespace they come into."""
        return config_resource(self.tenant)

    def details(self) -> dict[str, str]:
        """Where to, and how."""
        return {"tenant": self.tenant, "clone": "true", "policy": self.policy}
