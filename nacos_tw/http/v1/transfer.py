"""Export, import and clone of configs (docs/spec/config-v1.md#8)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timezone
from typing import Any

import attrs
import msgspec
from twisted.internet.defer import DeferredLock

from nacos_tw.access.identity import READ
from nacos_tw.access.resources import config_resource
from nacos_tw.access.rules import NOT_ALLOWED
from nacos_tw.auth.refusals import Refused
from nacos_tw.config import archive, store_search, transfer
from nacos_tw.config.archive import Archive, ArchiveError, Loaded
from nacos_tw.config.commands import ABORT, OVERWRITE, SKIP, Import, ImportItem
from nacos_tw.config.configs import Configs
from nacos_tw.config.described import MetadataError
from nacos_tw.config.model import ConfigKey, check_key, check_tenant, labels_of, tenant_of, type_or_text
from nacos_tw.config.store_import import Imported
from nacos_tw.config.store_search import Search, Sized
from nacos_tw.errors import BadParameter, Unavailable
from nacos_tw.http.call import Call
from nacos_tw.http.reply import Reply
from nacos_tw.http.v1 import config_reading as reading
from nacos_tw.http.v1.config_reading import Limits
from nacos_tw.http.v1.config_replies import result
from nacos_tw.http.v1.faces import Millis
from nacos_tw.namespaces import store as namespaces
from nacos_tw.storage.txn import Txn

NO_NAMESPACE = 100001, "目标 namespace 不存在"
BAD_METADATA = 100002, "导入的元数据非法"
UNREADABLE = 100004, "解析数据失败"
NOTHING = 100005, "导入的文件数据为空"
NONE_CHOSEN = 100006, "没有选择任何配置"

NO_TEXT = "entries that are no text in UTF-8"

MOST_WAITING = 8
"""Archives that wait while another is imported."""
OCTETS = b"application/octet-stream;charset=UTF-8"


class Wanted(msgspec.Struct):
    """A config to clone: its id, and what the copy is called if not the same."""

    cfgId: str | int  # noqa: N815
    dataId: str | None = None  # noqa: N815
    group: str | None = None


@attrs.frozen
class Batch:
    """Configs that one command imports, named; C{read(txn, *arguments)} has them with their contents."""

    keys: list[ConfigKey]
    read: Callable[..., list[ImportItem]]
    arguments: tuple[Any, ...]


@attrs.frozen
class Transfer:
    """What L{nacos_tw.http.v1.configs} hands to this for its parameters C{export}, C{import} and C{clone}."""

    configs: Configs
    millis: Millis
    limits: Limits = Limits()
    _turn: DeferredLock = attrs.field(init=False, factory=DeferredLock, eq=False)

    # -- export

    async def give_out(self, call: Call, version: int) -> Reply:
        """The archive of the configs with C{ids}, or of a search; packed in a thread."""
        params = call.params
        ids = reading.ids_of(reading.needed(call, "ids"))
        data_id = params.get("dataId", "")
        wanted = Search(
            tenant_of(params.get("tenant")),
            data_id,
            params.get("group", ""),
            params.get("appName", ""),
            tuple(labels_of(params.get("config_tags", ""))),
            blur=True,
        )
        at = self.millis()
        identity = call.identity
        data = await self.configs.query(
            transfer.export, wanted, ids, version, at, lambda key: identity.may(READ, resource(key))
        )
        name = datetime.fromtimestamp(at / 1000, timezone.utc).strftime("nacos_config_export_%Y%m%d%H%M%S.zip")
        return Reply(200, data, OCTETS, ((b"Content-Disposition", b"attachment;filename=" + name.encode()),))

    # -- import

    async def take_in(self, call: Call) -> Reply:
        """
        Import the archive in the field C{file}. With an entry that cannot be read nothing is imported, or with
        C{unreadable=skip} all the others are; the answer names them in any case.

        @raise Unavailable: too many wait for their turn.
        """
        params, uploaded = call.params, call.files.get("file")
        if uploaded is None:
            return _outcome(NOTHING, {})
        policy, without_unreadable = _policy(call), _without_unreadable(call)
        tenant = tenant_of(params.get("namespace"))
        check_tenant(tenant)
        user, ip = reading.source_user(call), reading.client_ip(call)
        call.forget()
        if len(self._turn.waiting) >= MOST_WAITING:
            raise Unavailable("too many archives are being imported")
        # One at a time: unpacking takes a processor, and up to the largest content's memory.
        await self._turn.acquire()
        try:
            return await self._take(tenant, uploaded.data, policy, without_unreadable, ip, user)
        finally:
            self._turn.release()

    async def _take(
        self, tenant: str, data: bytes, policy: str, without_unreadable: bool, ip: str, user: str | None
    ) -> Reply:
        found = await self.configs.query(_unpacked, tenant, data, self.limits.max_content, without_unreadable)
        if isinstance(found, ArchiveError):
            return _outcome(_because(UNREADABLE, str(found)))
        if isinstance(found, MetadataError):
            return _outcome(_because(BAD_METADATA, str(found)))
        if isinstance(found, Exception):
            raise found
        if found is None:
            return _outcome(NO_NAMESPACE)
        if found.unreadable and not without_unreadable:
            return _outcome(_because(UNREADABLE, NO_TEXT), {"succCount": 0, **_unrecognized(found)})
        if not found.configs:
            return _outcome(NOTHING, {"succCount": 0, **_unrecognized(found)})
        batches = [
            Batch([(tenant, one.group, one.data_id) for one in part], _read, (found, tenant, part))
            for part in transfer.batches(found.configs, lambda one: one.text.size)
        ]
        imported = await self._import(batches, policy, ip, user)
        return result({**_counted(imported), **_unrecognized(found)}, "import success")

    async def _import(self, batches: list[Batch], policy: str, ip: str, user: str | None) -> Imported:
        """One command after the other, each with the contents of its own, until an existing config ends it (ABORT)."""
        done = Imported()
        at, limits = self.millis(), self.limits
        for position, batch in enumerate(batches, 1):
            items = await self.configs.query(batch.read, *batch.arguments)
            part = await self.configs.write(Import(items, policy, at, ip, user, limits.in_force, limits.counted))
            done.succeeded += part.succeeded
            done.skipped += part.skipped
            done.failed += part.failed
            if part.failed:
                done.skipped += [key for later in batches[position:] for key in later.keys]
                break
        return done

    # -- clone

    async def clone(self, call: Call) -> Reply:
        """Copy the configs that the body names into a namespace."""
        tenant = tenant_of(reading.needed(call, "tenant"))
        check_tenant(tenant)
        policy = _policy(call)
        wanted: dict[int, Wanted] = {}
        for one in call.json(list[Wanted | None]):
            if one is not None:
                wanted[reading.number(str(one.cfgId))] = one
        if not wanted:
            return _outcome(NONE_CHOSEN)
        if tenant and not await self.configs.query(namespaces.exists, tenant):
            return _outcome(NO_NAMESPACE)
        rows = {row.id: row for row in await self.configs.query(store_search.sizes_by_ids, list(wanted))}
        if not rows:
            return _outcome(NOTHING)
        check_each(call, READ, (row.key for row in rows.values()))
        copies = [_copy(rows[number], tenant, one) for number, one in wanted.items() if number in rows]
        batches = [
            Batch([copy.key for copy in part], _copied, (part,))
            for part in transfer.batches(copies, lambda copy: copy.size)
        ]
        imported = await self._import(batches, policy, reading.client_ip(call), reading.source_user(call))
        return result(_counted(imported), "Clone Completed Successfully")


def check_each(call: Call, action: str, keys: Iterable[ConfigKey]) -> None:
    """
    Configs that a call names by their ids may be of any namespace.

    @raise Refused: one of them is none of the caller's.
    """
    if not all(call.identity.may(action, resource(key)) for key in keys):
        raise Refused(NOT_ALLOWED)


def resource(key: ConfigKey) -> str:
    """A config as permissions name it."""
    return config_resource(*key)


def _unpacked(
    txn: Txn, tenant: str, data: bytes, max_content: int, without_unreadable: bool
) -> Archive | Exception | None:
    """
    What is in an archive, all of it fit to be stored. In the database's thread, as it takes a while.

    @return: None if there is no such namespace; why not, as an error without a traceback: through that all that is
        unpacked would stay in memory until Python looks for cycles.
    """
    if tenant and not namespaces.exists(txn, tenant):
        return None
    try:
        found = archive.unpack(data)
        if without_unreadable or not found.unreadable:
            found.check(max_content)
    except (ArchiveError, MetadataError, BadParameter) as error:
        return type(error)(str(error))
    return found


def _read(txn: Txn, found: Archive, tenant: str, configs: list[Loaded]) -> list[ImportItem]:
    """Some of an archive's configs with their contents. In the same thread, for the same reason."""
    return [
        ImportItem((tenant, one.group, one.data_id), found.content(one), type_or_text(one.type), one.app_name, one.desc)
        for one in configs
    ]


def _copy(row: Sized, tenant: str, wanted: Wanted) -> Sized:
    """A config by the name that its copy is to have."""
    _, group, data_id = row.key
    key = tenant, (wanted.group or "").strip() or group, (wanted.dataId or "").strip() or data_id
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


def _policy(call: Call) -> str:
    policy = call.params.get("policy") or ABORT
    if policy not in (ABORT, SKIP, OVERWRITE):
        raise BadParameter(
            "Failed to convert value of type 'java.lang.String' to required type "
            f"'com.alibaba.nacos.config.server.model.SameConfigPolicy': {policy}"
        )
    return policy


def _without_unreadable(call: Call) -> bool:
    """C{unreadable}: C{abort}, which is the default, or C{skip}."""
    chosen = call.params.get("unreadable") or "abort"
    if chosen not in ("abort", "skip"):
        raise BadParameter(f"unreadable is abort or skip, not '{chosen[:20]}'")
    return chosen == "skip"


def _because(what: tuple[int, str], reason: str) -> tuple[int, str]:
    return what[0], f"{what[1]}: {reason}"


def _outcome(what: tuple[int, str], data: dict[str, Any] | None = None) -> Reply:
    return result({"succCount": 0} if data is None else data, what[1], what[0])


def _counted(imported: Imported) -> dict[str, Any]:
    found: dict[str, Any] = {"succCount": imported.succeeded, "skipCount": len(imported.skipped)}
    if imported.failed:
        found["failData"] = [_named(key) for key in imported.failed]
    if imported.skipped:
        found["skipData"] = [_named(key) for key in imported.skipped]
    return found


def _named(key: ConfigKey) -> dict[str, str]:
    return {"dataId": key[2], "group": key[1]}


def _unrecognized(archive: Archive) -> dict[str, Any]:
    """What of an archive is not imported; keys only for what there is."""
    found: dict[str, Any] = {}
    for kind, names in (("unrecognized", archive.unrecognized), ("unreadable", archive.unreadable)):
        if names:
            found[f"{kind}Count"] = len(names)
            found[f"{kind}Data"] = [{"itemName": name} for name in names]
    return found
