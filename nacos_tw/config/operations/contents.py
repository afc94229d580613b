"""Configs: reading, searching, publishing and removing them (docs/spec/config-v1.md#3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from twisted.internet.defer import Deferred

from nacos_tw.access.audit import AuditLog
from nacos_tw.access.caller import Caller
from nacos_tw.access.identity import WRITE as WRITES
from nacos_tw.access.identity import Identity
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.resources import config_resource
from nacos_tw.access.rules import NotAllowed, Rule
from nacos_tw.config import store_search
from nacos_tw.config.commands import Command, Publish, PublishBeta, PublishGray, PublishTag, Remove, RemoveMany
from nacos_tw.config.configs import Configs
from nacos_tw.config.gray import Chosen
from nacos_tw.config.gray_rules import stored
from nacos_tw.config.limits import Limits
from nacos_tw.config.model import ConfigKey, Item, type_or_text
from nacos_tw.config.problems import ConfigUnknown, CopyUnknown
from nacos_tw.config.requests import (
    LARGEST_PAGE,
    BetaCopy,
    Description,
    LabelCopy,
    OfNamespace,
    OneConfig,
    Publication,
    Query,
    Removal,
    RemovalByIds,
    SearchPage,
    TagCopy,
)
from nacos_tw.config.rows import Brief
from nacos_tw.config.validation import check_characters
from nacos_tw.paging import Page

READ, WRITE = Rule("read", "config"), Rule("write", "config", recorded=True)
LONGEST_USER = 128
"""Characters, as wide as the columns for it."""
LONGEST_ADDRESS = 50


class Contents(Operations):
    """A write is done once this node shows it."""

    __slots__ = ("_configs", "_limits", "_millis")

    def __init__(self, configs: Configs, limits: Limits, millis: Callable[[], int], audit: AuditLog) -> None:
        """@param millis: the wall clock, in epoch milliseconds."""
        super().__init__(audit)
        self._configs = configs
        self._limits = limits
        self._millis = millis

    # -- looking

    @operation(READ)
    def read(self, caller: Caller, request: Query) -> Chosen:
        """
        What a client gets.

        @raise ConfigUnknown, CopyUnknown: there is nothing for it.
        @raise nacos_tw.errors.Unavailable: this node has it not at hand, or does not know all configs yet.
        """
        key = request.key
        chosen = self._configs.cache.choose(key, request.ip, request.tag, request.vip_tag, request.labels)
        if chosen is not None:
            return chosen
        entry = self._configs.cache.get(key)
        if entry is None or not request.tag:
            raise ConfigUnknown(key)
        raise CopyUnknown(key, request.tag, entry.type)

    @operation(READ)
    def holds(self, caller: Caller, chosen: Chosen) -> bool:
        """Whether the same request gets the same now, so that what was rendered of it can be given again."""
        return chosen.holds()

    @operation(READ)
    def detail(self, caller: Caller, request: OneConfig) -> Deferred[Item | None]:
        """A config with all that is stored of it; None if there is none."""
        return self._configs.query(store_search.full_row, request.key)

    @operation(READ)
    def search(self, caller: Caller, request: SearchPage) -> Deferred[Page[Item]]:
        """
        A page of configs with their contents, by id.

        @return: fails with BadParameter: there can be no such page, or it is too large.
        """
        size = min(request.size, LARGEST_PAGE)
        return self._configs.query(store_search.search, request.search, request.number, size)

    @operation(Rule("read", "configs"))
    def of_namespace(self, caller: Caller, request: OfNamespace) -> Deferred[list[Brief]]:
        """All configs of a namespace, without contents."""
        return self._configs.query(store_search.configs_of, request.tenant)

    # -- writing

    @operation(WRITE)
    def publish(self, caller: Caller, request: Publication) -> Deferred[bool]:
        """
        Insert or replace a config, or a copy of it for some.

        @return: True; fails with CasConflict or OverQuota.
        """
        check_characters(len(request.content), self._limits.max_content)
        return self._configs.write(self._command(request, user_of(caller, request.user)), caller)

    @operation(WRITE)
    def describe(self, caller: Caller, request: Description) -> Deferred[bool]:
        """
        Set what describes a config; its content stays.

        @return: True; fails with ConfigUnknown, or CasConflict if the content is replaced meanwhile.
        """
        return Deferred.fromCoroutine(self._describe(caller, request))

    async def _describe(self, caller: Caller, request: Description) -> bool:
        found: Item | None = await self._configs.query(store_search.full_row, request.key)
        if found is None:
            raise ConfigUnknown(request.key)
        wanted = Publication(
            request.key,
            found.content,
            labels=request.labels,
            desc=request.desc,
            encrypted_data_key=found.encrypted_data_key,
            cas_md5=found.md5,
            ip=request.ip,
        )
        done: bool = await self._configs.write(self._command(wanted, user_of(caller, request.user)), caller)
        return done

    @operation(WRITE)
    def remove(self, caller: Caller, request: Removal) -> Deferred[bool]:
        """Remove a config, or its copy for a tag. @return: True, also when there was none."""
        user, counted = user_of(caller, request.user), self._limits.counted
        command = Remove(request.key, self._millis(), request.tag or None, request.ip, user, counted)
        return self._configs.write(command, caller)

    @operation(Rule("user", "", recorded=True))
    def remove_by_ids(self, caller: Caller, request: RemovalByIds) -> Deferred[int]:
        """
        Remove configs by their ids.

        @return: how many there were; fails with NotAllowed if one of them is not the caller's to write.
        """
        return Deferred.fromCoroutine(self._remove_by_ids(caller, request))

    async def _remove_by_ids(self, caller: Caller, request: RemovalByIds) -> int:
        ids, keys = request.ids, None
        if request.tenant is not None:
            found = await self._configs.query(store_search.sizes_by_ids, ids)
            within = [one for one in found if one.key[0] == request.tenant]
            ids, keys = [one.id for one in within], [one.key for one in within]
        if not caller.identity.admin:
            if keys is None:
                keys = await self._configs.query(store_search.keys_by_ids, ids)
            may_each(caller.identity, WRITE, keys)
        user, counted = user_of(caller, request.user), self._limits.counted
        command = RemoveMany(ids, self._millis(), request.ip, user, counted)
        removed: int = await self._configs.write(command, caller)
        return removed

    def _command(self, wanted: Publication, user: str | None) -> Command:
        at, cas_md5, copy = self._millis(), wanted.cas_md5 or None, wanted.copy
        who = (at, wanted.app_name, wanted.ip, user, cas_md5, wanted.encrypted_data_key)
        if isinstance(copy, BetaCopy):
            return PublishBeta(wanted.key, wanted.content, copy.ips, *who)
        if isinstance(copy, TagCopy):
            return PublishTag(wanted.key, wanted.content, copy.tag, *who)
        if isinstance(copy, LabelCopy):
            rule = stored(copy.expr, copy.version, copy.priority)
            return PublishGray(wanted.key, wanted.content, copy.name, rule, *who, self._limits.copies)
        return Publish(
            wanted.key,
            wanted.content,
            type_or_text(wanted.type or None),
            at,
            wanted.app_name,
            wanted.labels,
            wanted.desc,
            wanted.use,
            wanted.effect,
            wanted.schema,
            wanted.ip,
            user,
            cas_md5,
            wanted.encrypted_data_key,
            self._limits.in_force,
            self._limits.counted,
        )


def user_of(caller: Caller, named: str | None) -> str | None:
    """Who does it, as the rows say: the user who is logged in, else whom the request names."""
    user = caller.identity.name or named
    return user[:LONGEST_USER] if user else None


def may_each(identity: Identity, rule: Rule, keys: Iterable[ConfigKey]) -> None:
    """
    Configs that a request names by their ids may be of any namespace.

    @param rule: whose action is asked for.
    @raise NotAllowed: one of them is not the caller's.
    """
    action = WRITES if rule.action == "write" else "r"
    for key in keys:
        resource = config_resource(*key)
        if not identity.may(action, resource):
            raise NotAllowed(identity, rule, resource)
