"""
Versioned things with labels and drafts: prompts, skills, AgentSpecs. A shelf stores those of one kind: for each thing a
document with its versions and labels, and a document for the content of each version.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from nacos_tw.ai.documents import Documents, decoded
from nacos_tw.ai.jsons import from_document, stored
from nacos_tw.ai.problems import AiInvalid, ResourceUnknown, ResourceVersionUnknown, UpToDate, WrongState
from nacos_tw.ai.requests import LARGEST_PAGE, Listing
from nacos_tw.ai.writing import Step, document
from nacos_tw.config.commands import Change
from nacos_tw.config.model import ConfigKey, md5_of
from nacos_tw.paging import Page, page_of

LATEST = "latest"
DRAFT, ONLINE, OFFLINE = "draft", "online", "offline"
_PLAIN = re.compile(r"[A-Za-z0-9\-_:.]{1,128}")
_VERSION = re.compile(r"[A-Za-z0-9\-_:.]{1,64}")
_NUMBERS = re.compile(r"(\d+)\.(\d+)\.(\d+)")
_COUNTED = re.compile(r"v(\d+)")
FIRST = "0.0.1"


class Row(Struct, rename="camel", kw_only=True):
    """A version. Times in ms since 1970. C{md5}: of its content."""

    version: str
    status: str = DRAFT
    author: str | None = None
    description: str | None = None
    commit_msg: str | None = None
    create_time: int = 0
    update_time: int = 0
    md5: str = ""


class Thing(Struct, rename="camel", kw_only=True):
    """
    A thing.

    @ivar labels: to versions; C{latest} is one of them.
    @ivar scope: C{PUBLIC} or C{PRIVATE}, kept for its readers.
    """

    name: str
    description: str = ""
    biz_tags: str = ""
    scope: str = "PRIVATE"
    enable: bool = True
    labels: dict[str, str] = {}
    versions: list[Row] = []
    update_time: int = 0

    def row(self, version: str) -> Row | None:
        """A version; None if there is none."""
        return next((each for each in self.versions if each.version == version), None)

    @property
    def editing(self) -> str:
        """The version that is a draft; "" if none is."""
        return next((each.version for each in self.versions if each.status == DRAFT), "")

    @property
    def latest(self) -> str:
        """What C{latest} is; "" if nothing is."""
        return self.labels.get(LATEST, "")

    @property
    def shown(self) -> str:
        """The version that clients get who name none; "" if they get none."""
        row = self.row(self.latest)
        return row.version if row is not None and row.status == ONLINE and self.enable else ""

    @property
    def shown_labels(self) -> dict[str, str]:
        """The labels; C{latest} only while its version is online."""
        row = self.row(self.latest)
        hidden = row is not None and row.status != ONLINE
        return {label: of for label, of in self.labels.items() if label != LATEST or not hidden}

    def next_version(self) -> str:
        """One that is not there: behind the highest of three numbers."""
        found = [
            tuple(map(int, match.groups())) for each in self.versions if (match := _NUMBERS.fullmatch(each.version))
        ]
        if not found:
            return FIRST
        major, minor, patch = max(found)
        return f"{major}.{minor}.{patch + 1}"


class Shelf:
    """
    All things of a kind.

    @ivar kind: C{prompt}, C{skill} or C{agentspec}.
    """

    def __init__(self, documents: Documents, kind: str) -> None:
        self._documents = documents
        self.kind = kind
        self.group, self.contents = groups_of(kind)

    # -- keys

    def key(self, tenant: str, name: str) -> ConfigKey:
        """The config of a thing."""
        return tenant, self.group, f"{coded(name)}.json"

    def content_key(self, tenant: str, name: str, version: str) -> ConfigKey:
        """The config with the content of a version."""
        return tenant, self.contents, f"{coded(name)}-{version}.json"

    # -- reading

    def all(self, tenant: str) -> list[Thing]:
        """Those of a namespace, by name."""
        found = []
        for data_id in self._documents.names(self.group, tenant):
            thing = from_document(self._documents.get((tenant, self.group, data_id)), Thing)
            if thing is not None:
                found.append(thing)
        return sorted(found, key=lambda thing: thing.name)

    def page(self, request: Listing, keep: Callable[[Thing], bool] = lambda thing: True) -> Page[Thing]:
        """A page of those of a namespace, by name. @param keep: which of them."""
        wanted = request.name
        found = [
            thing
            for thing in self.all(request.tenant)
            if (not wanted or (wanted in thing.name if request.blur else wanted == thing.name)) and keep(thing)
        ]
        return page_of(found, request.number, min(request.size, LARGEST_PAGE))

    def found(self, tenant: str, name: str) -> Thing:
        """@raise ResourceUnknown: there is none."""
        thing = from_document(self._documents.get(self.key(tenant, name)), Thing)
        if thing is None:
            raise ResourceUnknown(self.kind, name)
        return thing

    def meant(self, thing: Thing, version: str, label: str, online: bool = True) -> Row:
        """
        A version: the one that is named, or that has the label, or the latest.

        @param online: whether it must be one that clients may read.
        @raise ResourceVersionUnknown: there is none.
        """
        wanted = version or thing.labels.get(label or LATEST, "")
        row = thing.row(wanted) if wanted else None
        if row is None or (online and (row.status != ONLINE or not thing.enable)):
            raise ResourceVersionUnknown(self.kind, thing.name, version or label)
        return row

    def asked(self, tenant: str, name: str, version: str, label: str, md5: str) -> tuple[Thing, Row]:
        """
        What a client asks for, as L{meant}.

        @param md5: of the content that it has, or "".
        @raise ResourceUnknown, ResourceVersionUnknown: there is nothing for it.
        @raise UpToDate: it has it.
        """
        thing = self.found(tenant, name)
        row = self.meant(thing, version, label)
        if md5 and md5 == row.md5:
            raise UpToDate
        return thing, row

    def content(self, tenant: str, name: str, version: str) -> dict[str, Any]:
        """
        The content of a version.

        @raise ResourceVersionUnknown: there is none.
        """
        found = self._documents.get(self.content_key(tenant, name, version))
        if not isinstance(found, dict):
            raise ResourceVersionUnknown(self.kind, name, version)
        return found

    # -- writing

    async def current_content(self, tenant: str, name: str, version: str) -> Any:
        """What the database has of a version now; None if it is not there."""
        row = await self._documents.row(self.content_key(tenant, name, version))
        return None if row is None else decoded(row.content)

    async def current(self, tenant: str, name: str) -> tuple[Thing, str]:
        """
        What the database has of a thing now, and its md5.

        @raise ResourceUnknown: there is none.
        """
        thing, md5 = await self.current_or_new(tenant, name)
        if not md5:
            raise ResourceUnknown(self.kind, name)
        return thing, md5

    async def current_or_new(self, tenant: str, name: str) -> tuple[Thing, str]:
        """The same; a new one, and "", if there is none."""
        row = await self._documents.row(self.key(tenant, name))
        if row is None:
            return Thing(name=name), ""
        thing = from_document(decoded(row.content), Thing)
        return thing or Thing(name=name), row.md5

    def step(self, tenant: str, thing: Thing, md5: str, now: int, *changes: Change) -> Step:
        """A thing as it is to be, with changes that go with it."""
        text = stored(replace(thing, update_time=now))
        return Step([*changes, document(self.key(tenant, thing.name), text, md5, thing.name, self._tag())])

    def put(self, tenant: str, thing: Thing, row: Row, content: dict[str, Any]) -> Change:
        """A version's content; the thing has the row then."""
        check_version(row.version)
        text = stored(content)
        row.md5 = md5_of(text)
        thing.versions = [each for each in thing.versions if each.version != row.version] + [row]
        key = self.content_key(tenant, thing.name, row.version)
        return document(key, text, None, thing.name, self._tag())

    def gone(self, tenant: str, thing: Thing, md5: str) -> Step:
        """All of a thing is to go."""
        contents = [Change(self.content_key(tenant, thing.name, each.version), None) for each in thing.versions]
        return Step([*contents, Change(self.key(tenant, thing.name), None, md5)])

    def drop(self, tenant: str, thing: Thing, version: str) -> Change:
        """A version goes, with the labels that it has."""
        thing.versions = [each for each in thing.versions if each.version != version]
        thing.labels = {label: of for label, of in thing.labels.items() if of != version}
        return Change(self.content_key(tenant, thing.name, version), None)

    def publish(self, thing: Thing, version: str, latest: bool, now: int) -> None:
        """
        A version becomes readable for clients.

        @raise ResourceVersionUnknown: there is none.
        """
        _become(thing, self._row(thing, version), ONLINE, now)
        if latest or not thing.latest:
            thing.labels = {**thing.labels, LATEST: version}

    def switch(self, thing: Thing, version: str, online: bool, now: int) -> None:
        """
        A version that was published is shown to clients, or not any more. C{latest} is the greatest that is shown then:
        who takes a bad version offline gives the clients the one before, not none.

        @raise ResourceVersionUnknown, WrongState: there is none, or it is a draft.
        """
        row = self._row(thing, version)
        if row.status == DRAFT:
            raise WrongState(self.kind, thing.name, version, row.status, "switch")
        if not _become(thing, row, ONLINE if online else OFFLINE, now):
            return
        found = greatest([each.version for each in thing.versions if each.status == ONLINE])
        others = {label: of for label, of in thing.labels.items() if label != LATEST}
        thing.labels = {**others, LATEST: found} if found else others

    def label(self, thing: Thing, labels: dict[str, str]) -> None:
        """
        Set labels.

        @raise ResourceVersionUnknown: one is to be of a version that is not there.
        """
        for name, version in labels.items():
            if not _VERSION.fullmatch(name):
                raise AiInvalid("label", "name", name)
            self._row(thing, version)
        thing.labels = labels

    def _row(self, thing: Thing, version: str) -> Row:
        row = thing.row(version)
        if row is None:
            raise ResourceVersionUnknown(self.kind, thing.name, version)
        return row

    def _tag(self) -> str:
        return f"nacos.internal.config={self.kind}"


def _become(thing: Thing, row: Row, status: str, now: int) -> bool:
    """Give a version another status, which counts as a change of it. @return: whether it is another."""
    if row.status == status:
        return False
    changed = replace(row, status=status, update_time=now)
    thing.versions = [changed if each is row else each for each in thing.versions]
    return True


def greatest(versions: list[str]) -> str:
    """The highest of those of three numbers, else of those like C{v2}, else the last; "" of none."""
    ranked = [(*_rank(version), place, version) for place, version in enumerate(versions)]
    return max(ranked)[-1] if ranked else ""


def _rank(version: str) -> tuple[int, tuple[int, ...]]:
    for rank, shape in ((2, _NUMBERS), (1, _COUNTED)):
        if match := shape.fullmatch(version):
            return rank, tuple(map(int, match.groups()))
    return 0, ()


def groups_of(kind: str) -> tuple[str, str]:
    """The groups of configs of a kind: of the things, and of the contents of their versions."""
    return f"nacos-ai-{kind}", f"nacos-ai-{kind}-version"


def coded(name: str) -> str:
    """A name as dataIds have it."""
    if _PLAIN.fullmatch(name) and not name.startswith("enc."):
        return name
    return f"enc.{name.encode().hex()}"


def is_version(text: str) -> bool:
    """Whether a version can be called so."""
    return _VERSION.fullmatch(text) is not None


def check_version(version: str) -> None:
    """@raise AiInvalid: no version can be called so."""
    if not is_version(version):
        raise AiInvalid("version", "name", version)
