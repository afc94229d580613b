"""Export, import and clone of configs (docs/spec/config-v1.md#8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
from twisted.internet.defer import Deferred, DeferredLock, fail

from nacos_tw.access.audit import AuditLog
from nacos_tw.access.caller import Caller
from nacos_tw.access.identity import READ as READS
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.resources import config_resource
from nacos_tw.config import archive, exporting, store_search
from nacos_tw.config.archive import Archive, Loaded
from nacos_tw.config.commands import Import, ImportItem
from nacos_tw.config.configs import Configs
from nacos_tw.config.limits import Limits
from nacos_tw.config.model import ConfigKey, type_or_text
from nacos_tw.config.operations.contents import READ, WRITE, may_each, user_of
from nacos_tw.config.problems import NothingToImport, TargetUnknown, UnreadableEntries
from nacos_tw.config.rows import Imported, Sized
from nacos_tw.config.transfer_requests import ArchiveImport, CloneItem, Cloning, Export
from nacos_tw.config.validation import check_key
from nacos_tw.errors import Problem, Unavailable
from nacos_tw.lasting import in_turn
from nacos_tw.storage.txn import Txn

MOST_WAITING = 8
"""Archives that wait while another is imported."""

HasNamespace = Callable[[Txn, str], bool]
"""See L{nacos_tw.config.configs.IConfigBackend.has_namespace}."""


@attrs.frozen
class Exported:
    """An archive. @ivar at_ms: when it was made."""

    data: bytes
    at_ms: int


@attrs.frozen
class Transferred:
    """
    What became of an archive.

    @ivar unrecognized: entries that are no configs; C{unreadable}: those that are no text in UTF-8.
    """

    imported: Imported
    unrecognized: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()


@attrs.frozen
class _Batch:
    """Configs that one command imports, named; C{read(txn, *arguments)} has them with their contents."""

    keys: list[ConfigKey]
    read: Callable[..., list[ImportItem]]
    arguments: tuple[Any, ...]


class Transfers(Operations):
    """Many configs at once."""

    __slots__ = ("_configs", "_limits", "_millis", "_turn")

    def __init__(self, configs: Configs, limits: Limits, millis: Callable[[], int], audit: AuditLog) -> None:
        """@param millis: the wall clock, in epoch milliseconds."""
        super().__init__(audit)
        self._configs = configs
        self._limits = limits
        self._millis = millis
        self._turn = DeferredLock()

    # -- export

    @operation(READ)
    def export(self, caller: Caller, request: Export) -> Deferred[Exported]:
        """The archive of some configs, of those that the caller may read; packed in a thread."""
        at, may = self._millis(), caller.identity.may
        within, tenant = request.within and bool(request.ids), request.search.tenant
        packed = self._configs.query(
            exporting.export,
            request.search,
            request.ids,
            request.version,
            at,
            lambda key: may(READS, config_resource(*key)) and (not within or key[0] == tenant),
        )
        return packed.addCallback(Exported, at)

    # -- import

    @operation(WRITE)
    def import_archive(self, caller: Caller, request: ArchiveImport) -> Deferred[Transferred]:
        """
        Import an archive.

        @return: fails with NothingToImport, TargetUnknown, UnreadableEntries, ArchiveError, MetadataError, with
            ConfigInvalid or OverQuota for one of its configs; with Unavailable if too many wait for their turn.
        """
        data, user = request.data, user_of(caller, request.user)
        if data is None:
            return fail(NothingToImport("archive"))
        if len(self._turn.waiting) >= MOST_WAITING:
            return fail(Unavailable("too many archives are being imported"))
        # One at a time: unpacking takes a processor, and up to the largest content's memory.
        return in_turn(self._turn, lambda: Deferred.fromCoroutine(self._unpack(request, data, user)))

    async def _unpack(self, request: ArchiveImport, data: bytes, user: str | None) -> Transferred:
        tenant, skips = request.tenant, request.unreadable == "skip"
        found = await self._configs.query(
            _unpacked, self._configs.backend.has_namespace, tenant, data, self._limits.max_content, skips
        )
        if isinstance(found, Problem):
            raise found
        others, unreadable = tuple(found.unrecognized), tuple(found.unreadable)
        if unreadable and not skips:
            raise UnreadableEntries(unreadable, others)
        if not found.configs:
            raise NothingToImport("entries", others, unreadable)
        batches = [
            _Batch([(tenant, one.group, one.data_id) for one in part], _read, (found, tenant, part))
            for part in exporting.batches(found.configs, lambda one: one.text.size)
        ]
        return Transferred(await self._import(batches, request.policy, request.ip, user), others, unreadable)

    async def _import(self, batches: list[_Batch], policy: str, ip: str | None, user: str | None) -> Imported:
        """One command after the other, each with the contents of its own, until an existing config ends it (ABORT)."""
        done = Imported()
        at, limits = self._millis(), self._limits
        for position, batch in enumerate(batches, 1):
            items = await self._configs.query(batch.read, *batch.arguments)
            part = await self._configs.write(Import(items, policy, at, ip, user, limits.in_force, limits.counted))
            done.succeeded += part.succeeded
            done.skipped += part.skipped
            done.failed += part.failed
            if part.failed:
                done.skipped += [key for later in batches[position:] for key in later.keys]
                break
        return done

    # -- clone

    @operation(WRITE)
    def clone(self, caller: Caller, request: Cloning) -> Deferred[Imported]:
        """
        Copy configs into a namespace.

        @return: fails with NothingToImport, TargetUnknown, ConfigInvalid or OverQuota; with NotAllowed if one of them
            is not the caller's to read.
        """
        return Deferred.fromCoroutine(self._clone(caller, request))

    async def _clone(self, caller: Caller, request: Cloning) -> Imported:
        tenant, wanted = request.tenant, {one.id: one for one in request.items}
        if not wanted:
            raise NothingToImport("ids")
        if tenant and not await self._configs.query(self._configs.backend.has_namespace, tenant):
            raise TargetUnknown(tenant)
        found = await self._configs.query(store_search.sizes_by_ids, list(wanted))
        rows = {row.id: row for row in found if request.source in (None, row.key[0])}
        if not rows:
            raise NothingToImport("configs")
        may_each(caller.identity, READ, (row.key for row in rows.values()))
        copies = [_renamed(rows[number], tenant, one) for number, one in wanted.items() if number in rows]
        batches = [
            _Batch([copy.key for copy in part], _copied, (part,))
            for part in exporting.batches(copies, lambda copy: copy.size)
        ]
        return await self._import(batches, request.policy, request.ip, user_of(caller, request.user))


def _unpacked(
    txn: Txn, has_namespace: HasNamespace, tenant: str, data: bytes, max_content: int, skips: bool
) -> Archive | Problem:
    """
    What is in an archive, all of it fit to be stored. In the database's thread, as it takes a while.

    @return: why not, as a problem without a traceback: through that all that is unpacked would stay in memory until
        Python looks for cycles.
    """
    if tenant and not has_namespace(txn, tenant):
        return TargetUnknown(tenant)
    try:
        found = archive.unpack(data)
        if skips or not found.unreadable:
            found.check(max_content)
    except Problem as problem:
        return type(problem)(**problem.facts())
    return found


def _read(txn: Txn, found: Archive, tenant: str, configs: list[Loaded]) -> list[ImportItem]:
    """Some of an archive's configs with their contents. In the same thread, for the same reason."""
    return [
        ImportItem((tenant, one.group, one.data_id), found.content(one), type_or_text(one.type), one.app_name, one.desc)
        for one in configs
    ]


def _renamed(row: Sized, tenant: str, wanted: CloneItem) -> Sized:
    """A config by the name that its copy is to have."""
    _, group, data_id = row.key
    key = tenant, wanted.group.strip() or group, wanted.data_id.strip() or data_id
    check_key(key[2], key[1])
    return row._replace(key=key)


def _copied(txn: Txn, copies: list[Sized]) -> list[ImportItem]:
    """Configs with their contents, under their new names; those that are gone meanwhile are left out."""
    rows = {item.id: item for item in store_search.rows_by_ids(txn, [copy.id for copy in copies])}
    return [
        ImportItem(copy.key, item.content, item.type, item.app_name, item.desc, item.encrypted_data_key or None)
        for copy in copies
        if (item := rows.get(copy.id)) is not None
    ]
