"""What is moved, in the same words wherever it comes from and goes to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import attrs

DESCRIBED = ("type", "desc", "appName", "configTags", "use", "effect", "schema", "encryptedDataKey")
"""What a config has beside its content, by the names of v3."""


@attrs.frozen
class Namespace:
    """A namespace: C{id} is C{public} for the public one."""

    id: str
    name: str = ""
    description: str = ""


@attrs.frozen
class Config:
    """
    A config.

    @ivar more: what describes it, see L{DESCRIBED}; empty values are left out.
    @ivar copies: for some clients: C{name}, C{rule} (JSON, as Nacos stores it, or beta's addresses), C{content}.
    @ivar past: its earlier contents, oldest first.
    """

    namespace: str
    group: str
    data_id: str
    content: str
    more: dict[str, str] = attrs.field(factory=dict)
    copies: list[dict[str, str]] = attrs.field(factory=list)
    past: list[str] = attrs.field(factory=list)

    def __str__(self) -> str:
        return f"config {self.namespace}/{self.group}/{self.data_id}"


@attrs.frozen
class Service:
    """A service: its settings, and its persistent instances (rows of L{nacos_tw.ctl.naming_api.instance_row})."""

    namespace: str
    group: str
    name: str
    threshold: float = 0.0
    metadata: dict[str, str] = attrs.field(factory=dict)
    selector: dict[str, Any] = attrs.field(factory=dict)
    instances: list[dict[str, Any]] = attrs.field(factory=list)

    def __str__(self) -> str:
        return f"service {self.namespace}/{self.group}/{self.name}"

    @property
    def worth(self) -> bool:
        """Whether there is anything that would not come back by itself when its clients register again."""
        return bool(self.instances or self.metadata or self.threshold or self.selector.get("type", "none") != "none")


@attrs.frozen
class Accounts:
    """Names of users (passwords cannot be read), who has which role, what roles may do."""

    users: list[str] = attrs.field(factory=list)
    roles: list[dict[str, str]] = attrs.field(factory=list)
    permissions: list[dict[str, str]] = attrs.field(factory=list)


class Source(Protocol):
    """Where things come from."""

    def namespaces(self) -> list[Namespace]:
        """All, but for those that were not wanted."""

    def configs(self, namespace: str) -> Iterator[Config]:
        """Those of a namespace."""

    def services(self, namespace: str) -> Iterator[Service]:
        """Those of a namespace that are worth it."""

    def accounts(self) -> Accounts:
        """All; empty where there are none, or they cannot be read."""


def wanted(namespaces: Iterable[Namespace], ids: tuple[str, ...]) -> list[Namespace]:
    """Those with the ids; all where there are none."""
    return [each for each in namespaces if not ids or each.id in ids]
