"""Export, import and clone of configs (docs/spec/config-v1.md#8)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import attrs
import msgspec
from twisted.internet.defer import Deferred

from nacos_tw.config.commands import ABORT
from nacos_tw.config.model import ConfigKey, labels_of, tenant_of
from nacos_tw.config.operations.transfers import Transferred, Transfers
from nacos_tw.config.problems import (
    ArchiveError,
    MetadataError,
    NothingToImport,
    TargetUnknown,
    UnreadableEntries,
)
from nacos_tw.config.requests import Search
from nacos_tw.config.rows import Imported
from nacos_tw.config.transfer_requests import ArchiveImport, CloneItem, Cloning, Export
from nacos_tw.http.call import Call
from nacos_tw.http.client_address import client_ip, source_user
from nacos_tw.http.reply import Reply
from nacos_tw.http.v1 import config_reading as reading
from nacos_tw.http.v1.config_replies import result
from nacos_tw.http.v1.phrases_config import archive_words, metadata_words

NO_NAMESPACE = 100001, "目标 namespace 不存在"
BAD_METADATA = 100002, "导入的元数据非法"
UNREADABLE = 100004, "解析数据失败"
NOTHING = 100005, "导入的文件数据为空"
NONE_CHOSEN = 100006, "没有选择任何配置"

NO_TEXT = "entries that are no text in UTF-8"

OCTETS = b"application/octet-stream;charset=UTF-8"


class Wanted(msgspec.Struct):
    """A config to clone: its id, and what the copy is called if not the same."""

    cfgId: str | int  # noqa: N815
    dataId: str | None = None  # noqa: N815
    group: str | None = None


@attrs.frozen
class TransferV1:
    """What L{nacos_tw.http.v1.configs} hands to this for its parameters C{export}, C{import} and C{clone}."""

    transfers: Transfers

    async def give_out(self, call: Call, version: int) -> Reply:
        """The archive of the configs with C{ids}, or of a search."""
        params = call.params
        ids = reading.ids_of(reading.needed(call, "ids"))
        wanted = Search(
            tenant_of(params.get("tenant")),
            params.get("dataId", ""),
            params.get("group", ""),
            params.get("appName", ""),
            tuple(labels_of(params.get("config_tags", ""))),
            blur=True,
        )
        found = await self.transfers.export(call, Export(wanted, ids, version))
        made = datetime.fromtimestamp(found.at_ms / 1000, timezone.utc)
        name = made.strftime("nacos_config_export_%Y%m%d%H%M%S.zip")
        return Reply(200, found.data, OCTETS, ((b"Content-Disposition", b"attachment;filename=" + name.encode()),))

    async def take_in(self, call: Call) -> Reply:
        """
        Import the archive in the field C{file}. With an entry that cannot be read nothing is imported, or with
        C{unreadable=skip} all the others are; the answer names them in any case.
        """
        params, uploaded = call.params, call.files.get("file")
        request = ArchiveImport(
            tenant_of(params.get("namespace")),
            None if uploaded is None else uploaded.data,
            params.get("policy") or ABORT,
            params.get("unreadable") or "abort",
            client_ip(call),
            source_user(call, "src_user"),
        )
        importing = self.transfers.import_archive(call, request)
        call.forget()
        return await _told(importing, _imported)

    async def clone(self, call: Call) -> Reply:
        """Copy the configs that the body names into a namespace."""
        tenant = tenant_of(reading.needed(call, "tenant"))
        items = tuple(
            CloneItem(reading.number(str(one.cfgId)), one.group or "", one.dataId or "")
            for one in call.json(list[Wanted | None])
            if one is not None
        )
        policy = call.params.get("policy") or ABORT
        request = Cloning(tenant, items, policy, client_ip(call), source_user(call, "src_user"))
        return await _told(self.transfers.clone(call, request), _cloned)


def _imported(done: Transferred) -> Reply:
    return result({**_counted(done.imported), **_others(done)}, "import success")


def _cloned(done: Imported) -> Reply:
    return result(_counted(done), "Clone Completed Successfully")


async def _told(doing: Deferred[Any], rendered: Callable[[Any], Reply]) -> Reply:
    """The answer: that something was not imported is told with status 200."""
    try:
        return rendered(await doing)
    except TargetUnknown:
        return _outcome(NO_NAMESPACE)
    except ArchiveError as problem:
        return _outcome(_because(UNREADABLE, archive_words(problem)))
    except MetadataError as problem:
        return _outcome(_because(BAD_METADATA, metadata_words(problem)))
    except UnreadableEntries as problem:
        return _outcome(_because(UNREADABLE, NO_TEXT), {"succCount": 0, **_others(problem)})
    except NothingToImport as problem:
        if problem.lacking == "ids":
            return _outcome(NONE_CHOSEN)
        none = {} if problem.lacking == "archive" else {"succCount": 0}
        return _outcome(NOTHING, {**none, **_others(problem)})


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


def _others(found: Transferred | UnreadableEntries | NothingToImport) -> dict[str, Any]:
    """What of an archive is not imported; keys only for what there is."""
    shown: dict[str, Any] = {}
    for kind, names in (("unrecognized", found.unrecognized), ("unreadable", found.unreadable)):
        if names:
            shown[f"{kind}Count"] = len(names)
            shown[f"{kind}Data"] = [{"itemName": name} for name in names]
    return shown
