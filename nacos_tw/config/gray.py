"""
Which of a config's copies a client gets: the beta copy, a tag's copy, one by labels, or the config itself
(docs/spec/config-v1.md#3.2, #4.2, docs/spec/ai-v3.md#8). Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import attrs
import msgspec

from nacos_tw.access.resources import config_resource
from nacos_tw.config.gray_rules import CLIENT_IP, HIGHEST, VIP_TAG, Conditions, matches

BETA = "beta"
TAG = "tag_"
"""
Names of copies: C{""} is the config itself, C{"beta"} its beta copy, C{"tag_x"} that of the tag C{x}; those by labels
have names of their own.
"""

DEFAULT_TYPE = "text"
NO_LABELS: Mapping[str, str] = MappingProxyType({})


class Copy(msgspec.Struct, eq=False, gc=False, kw_only=True):
    """
    One content of a config. Never changed once it is in the cache, but for its content, which comes and goes.

    @ivar md5: lower-case hex of the content in UTF-8; C{""} if there is no such content.
    @ivar modified_ms: when it was last written, in epoch milliseconds.
    @ivar content: UTF-8; None while only the local file has it.
    @ivar ips: of a beta copy: the addresses of the clients that get it.
    """

    md5: str = ""
    modified_ms: int = 0
    encrypted_data_key: str = ""
    content: bytes | None = None
    ips: frozenset[str] = frozenset()


class LabelledCopy(Copy, eq=False, gc=False, kw_only=True):
    """
    A copy for clients by their labels. Of several the one of the highest priority is taken, then the first by name.

    @ivar rule: as config_info_gray has it.
    @ivar priority, conditions: what it says.
    """

    name: str
    rule: str
    priority: int
    conditions: Conditions


class Entry(Copy, eq=False, gc=False, kw_only=True):
    """
    A config as the cache knows it. Its own content is missing (C{md5 == ""}) when only copies for some are left.

    @ivar key: (tenant, group, dataId), the tenant normalised.
    @ivar type: of all its copies.
    @ivar beta: the beta copy.
    @ivar tags: tag to copy; None for none.
    @ivar labelled: those by labels, in the order in which they are looked at; None for none.
    """

    key: tuple[str, str, str]
    type: str = DEFAULT_TYPE
    beta: Copy | None = None
    tags: dict[str, Copy] | None = None
    labelled: tuple[LabelledCopy, ...] | None = None

    @property
    def gray(self) -> bool:
        """Whether any clients get something else than the others."""
        return self.beta is not None or self.tags is not None or self.labelled is not None

    def add(self, copy: LabelledCopy) -> None:
        """Put a copy by labels among the others. Only while the entry is made."""
        copies = [*(self.labelled or ()), copy]
        self.labelled = tuple(sorted(copies, key=lambda each: (-each.priority, each.name)))

    def copy(self, name: str) -> Copy | None:
        """The copy of that name."""
        if not name:
            return self if self.md5 else None
        for labelled in self.labelled or ():
            if labelled.name == name:
                return labelled
        if name == BETA:
            return self.beta
        return (self.tags or {}).get(name.removeprefix(TAG))

    def copies(self) -> Iterable[tuple[str, Copy]]:
        """All that there are, by name."""
        if self.md5:
            yield "", self
        if self.beta is not None:
            yield BETA, self.beta
        for tag, copy in (self.tags or {}).items():
            yield TAG + tag, copy
        for labelled in self.labelled or ():
            yield labelled.name, labelled


@attrs.frozen(slots=True)
class Chosen:
    """
    What a client gets.

    @ivar type: of the config, for all its copies.
    @ivar modified_ms: when it was last written, in epoch milliseconds.
    @ivar name: of the copy: "" for the config itself.
    @ivar entry: the config that it is a copy of, as the cache knew it.
    @ivar entries: the cache's.
    """

    content: bytes
    md5: str
    type: str
    modified_ms: int
    encrypted_data_key: str
    name: str
    entry: Entry
    entries: dict[tuple[str, str, str], Entry]

    def resource(self) -> str:
        """The config, as permissions name it."""
        return config_resource(*self.entry.key)

    @property
    def is_beta(self) -> bool:
        """Whether it is the beta copy."""
        return self.name == BETA

    @property
    def tag(self) -> str:
        """The tag whose copy it is, or C{""}."""
        tag = self.name[len(TAG) :] if self.name.startswith(TAG) else ""
        return tag if tag in (self.entry.tags or ()) else ""

    @property
    def for_all(self) -> bool:
        """Whether every client gets this."""
        return not self.entry.gray

    def holds(self) -> bool:
        """Whether the same query gets the same now; cheap, for those who keep answers."""
        return self.entries.get(self.entry.key) is self.entry


def choose(
    entry: Entry, client_ip: str, tag_param: str = "", vip_tag: str = "", labels: Mapping[str, str] = NO_LABELS
) -> tuple[str, Copy] | None:
    """
    What a client gets on reading.

    @param tag_param: the parameter C{tag}: that copy or nothing.
    @param vip_tag: the header C{Vipserver-Tag}: that copy if there is one.
    @param labels: of the client's connection; with C{tag_param} they count for nothing, as in Nacos.
    @return: the copy's name and the copy; None if there is nothing for this client.
    """
    beta = entry.beta if entry.beta is not None and client_ip in entry.beta.ips else None
    tag = tag_param or vip_tag
    tagged = entry.tags.get(tag) if tag and entry.tags is not None else None
    if entry.labelled is not None:
        chosen = _by_labels(entry.labelled, client_ip, tag_param, vip_tag, labels)
        if chosen is not None and _goes_before(chosen, beta is not None, TAG + tag if tagged is not None else ""):
            return chosen.name, chosen
    if beta is not None:
        return BETA, beta
    if tagged is not None:
        return TAG + tag, tagged
    return ("", entry) if entry.md5 and not tag_param else None


def _goes_before(copy: LabelledCopy, beta: bool, tagged: str) -> bool:
    """Whether a copy by labels is taken and not the beta copy, if that is meant too, nor that of a tag (its name)."""
    mine = (-copy.priority, copy.name)
    return (not beta or mine < (-HIGHEST, BETA)) and (not tagged or mine < (1 - HIGHEST, tagged))


def _by_labels(
    copies: tuple[LabelledCopy, ...], client_ip: str, tag_param: str, vip_tag: str, labels: Mapping[str, str]
) -> LabelledCopy | None:
    """The first whose rule means the client."""
    known = {CLIENT_IP: client_ip} if tag_param else {**labels, CLIENT_IP: client_ip}
    if tag_param or vip_tag:
        known[VIP_TAG] = tag_param or vip_tag
    return next((copy for copy in copies if matches(copy.conditions, known)), None)


def md5_for(entry: Entry | None, client_ip: str, vip_tag: str = "", labels: Mapping[str, str] = NO_LABELS) -> str:
    """The md5 that a client is up to date with; C{""} if there is nothing for it."""
    if entry is None:
        return ""
    if not entry.gray:
        return entry.md5
    chosen = choose(entry, client_ip, "", vip_tag, labels)
    return "" if chosen is None else chosen[1].md5


def tags_differ(before: Entry | None, after: Entry | None) -> bool:
    """Whether a tag's content came, went or changed."""
    old = (before and before.tags) or {}
    new = (after and after.tags) or {}
    if old is new or (not old and not new):
        return False
    return {tag: copy.md5 for tag, copy in old.items()} != {tag: copy.md5 for tag, copy in new.items()}


def same(one: Entry, other: Entry) -> bool:
    """Whether nothing that a client or an operator could see differs between two entries of one config."""
    if one.type != other.type:
        return False
    mine, yours = dict(one.copies()), dict(other.copies())
    return mine.keys() == yours.keys() and all(_same_copy(copy, yours[name]) for name, copy in mine.items())


def _same_copy(one: Copy, other: Copy) -> bool:
    return (
        one.md5 == other.md5
        and one.modified_ms == other.modified_ms
        and one.encrypted_data_key == other.encrypted_data_key
        and one.ips == other.ips
        and getattr(one, "rule", "") == getattr(other, "rule", "")
    )
