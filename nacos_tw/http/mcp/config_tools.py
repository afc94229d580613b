"""Tools for configs: list, read, compare, publish, and who listens."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import attrs
from msgspec import Meta

from nacos_tw.access.caller import Caller
from nacos_tw.config.listener_requests import ListenersOf
from nacos_tw.config.model import ConfigKey, Item, tenant_of
from nacos_tw.config.operations.assembly import ConfigOperations
from nacos_tw.config.problems import CasConflict, ConfigUnknown
from nacos_tw.config.requests import HistoryPage, HistoryRow, OneConfig, Publication, Search, SearchPage
from nacos_tw.errors import BadParameter
from nacos_tw.http.mcp.tool import Arguments, Namespace, Number, Size, Tool, at

MOST_LINES = 20_000
"""Lines of a content that are compared: more would take minutes."""
NO_SUCH_MD5 = "-"
"""No content has it: what is published with it replaces nothing."""

Group = Annotated[str, Meta(description="Group of the config.")]
DataId = Annotated[str, Meta(description="The config's dataId.", min_length=1)]


class OfConfig(Arguments, frozen=True, kw_only=True):
    """One config."""

    data_id: DataId
    group: Group = "DEFAULT_GROUP"
    namespace: Namespace = ""

    @property
    def key(self) -> ConfigKey:
        """The config."""
        return tenant_of(self.namespace), self.group, self.data_id


class ListConfigs(Arguments, frozen=True, kw_only=True):
    """Which configs."""

    namespace: Namespace = ""
    data_id: Annotated[str, Meta(description="dataId; * stands for any text. Empty: all.")] = ""
    group: Annotated[str, Meta(description="Group; * stands for any text. Empty: all.")] = ""
    content: Annotated[str, Meta(description="Only configs whose content has this text.")] = ""
    page: Number = 1
    page_size: Size = 50


class PagedConfig(OfConfig, frozen=True, kw_only=True):
    """A config, page by page."""

    page: Number = 1
    page_size: Size = 50


class DiffConfig(OfConfig, frozen=True, kw_only=True):
    """A config, and what it is compared with: exactly one of the others has to be given."""

    history_id: Annotated[int, Meta(description="With this row of its history.")] = 0
    content: Annotated[str, Meta(description="With this content.")] = ""
    with_namespace: Annotated[str | None, Meta(description="With the config of that name in this namespace.")] = None
    with_group: Annotated[str, Meta(description="Another group of the config that it is compared with.")] = ""
    with_data_id: Annotated[str, Meta(description="Another dataId of the config that it is compared with.")] = ""

    @property
    def other(self) -> ConfigKey | None:
        """The other config; None: none is named."""
        if self.with_namespace is None and not self.with_group and not self.with_data_id:
            return None
        namespace = self.namespace if self.with_namespace is None else self.with_namespace
        return tenant_of(namespace), self.with_group or self.group, self.with_data_id or self.data_id


class PublishConfig(OfConfig, frozen=True, kw_only=True):
    """A content to be published."""

    content: Annotated[str, Meta(description="The whole new content.", min_length=1)]
    md5: Annotated[str, Meta(
        description="md5 of the content that is replaced, as read_config gives it; empty to publish one that is not "
        "there yet. If somebody else has changed it meanwhile nothing is published: read it again.",
    )]  # fmt: skip
    type: Annotated[str, Meta(description="Format: text, json, xml, yaml, html, properties. Empty: as it is.")] = ""


@attrs.frozen
class ConfigTools:
    """@ivar does: the operations."""

    does: ConfigOperations

    def tools(self) -> Iterator[Tool]:
        """All of them."""
        yield Tool("list_configs", "List the configs of a namespace, without their contents.", ListConfigs, self.list)
        yield Tool("read_config", "Read a config: content, md5, format, when and by whom it was changed.",
                   OfConfig, self.read)  # fmt: skip
        yield Tool("config_history", "List what was done with a config, newest first: insert (I), update (U), "
                   "delete (D). An id can be given to diff_config.", PagedConfig, self.history)  # fmt: skip
        yield Tool("diff_config", "Compare what a config is now with a row of its history, with another config or with "
                   "a content. Gives a unified diff that leads to the present content.",
                   DiffConfig, self.diff)  # fmt: skip
        yield Tool("config_listeners", "Which clients listen to a config, and whether they have its present content.",
                   OfConfig, self.listeners)  # fmt: skip
        yield Tool("publish_config", "Publish a config, if nobody has changed it since it was read (compare and set). "
                   "All clients that listen get it at once.", PublishConfig, self.publish, writes=True)  # fmt: skip

    async def list(self, caller: Caller, given: ListConfigs) -> dict[str, Any]:
        """A page."""
        search = Search(
            tenant_of(given.namespace),
            given.data_id,
            given.group,
            blur=True,
            content=f"*{given.content}*" if given.content else "",
        )
        found = await self.does.contents.search(caller, SearchPage(search, given.page, given.page_size))
        return {"total": found.total, "page": found.number, "configs": [_line(each) for each in found.items]}

    async def _now(self, caller: Caller, key: ConfigKey) -> Item:
        found = await self.does.contents.detail(caller, OneConfig(key))
        if found is None:
            raise ConfigUnknown(key)
        return found

    async def read(self, caller: Caller, given: OfConfig) -> dict[str, Any]:
        """All that is stored of one."""
        found = await self._now(caller, given.key)
        more = {"description": found.desc, "labels": found.tags, "application": found.app_name,
                "changedBy": found.src_user, "changedFrom": found.src_ip}  # fmt: skip
        return {**_line(found), **{name: value for name, value in more.items() if value}, "content": found.content}

    async def history(self, caller: Caller, given: PagedConfig) -> dict[str, Any]:
        """A page."""
        found = await self.does.history.page(caller, HistoryPage(given.key, given.page, given.page_size))
        rows = [
            {"historyId": each.nid, "what": each.kind.strip(), "at": at(each.modified_ms), "by": each.src_user or "",
             "from": each.src_ip or "", "copy": each.gray}
            for each in found.items
        ]  # fmt: skip
        return {"total": found.total, "page": found.number, "history": rows}

    async def diff(self, caller: Caller, given: DiffConfig) -> Callable[[], str]:
        """Worked out in a thread."""
        other = given.other
        if (bool(given.history_id), bool(given.content), other is not None).count(True) != 1:
            raise BadParameter("give exactly one of historyId, content, and a config to compare with")
        now = await self._now(caller, given.key)
        if other is not None:
            before, name = (await self._now(caller, other)).content, "/".join(other)
        elif given.content:
            before, name = given.content, "given"
        else:
            row = await self.does.history.row(caller, HistoryRow(given.key, given.history_id))
            if row is None:
                raise BadParameter(f"there is no history {given.history_id}")
            before, name = row.content or "", f"history {given.history_id}"
        return lambda: unified(before, now.content, name, "/".join(given.key))

    async def listeners(self, caller: Caller, given: OfConfig) -> dict[str, Any]:
        """At all nodes."""
        now = await self.does.contents.detail(caller, OneConfig(given.key))
        found = await self.does.listening.listeners(caller, ListenersOf(given.key))
        md5 = "" if now is None else now.md5
        rows = [{"client": each, "md5": has, "upToDate": has == md5} for each, has in sorted(found.items())]
        return {"md5": md5, "listeners": rows}

    async def publish(self, caller: Caller, given: PublishConfig) -> dict[str, Any]:
        """If what is stored has that md5."""
        key = given.key
        if given.md5:
            now = await self.does.contents.detail(caller, OneConfig(key))
            if now is None:  # an operation with an md5 would publish it all the same, as Nacos does
                raise CasConflict(key)
        wanted = Publication(
            key, given.content, given.type or None, cas_md5=given.md5 or NO_SUCH_MD5, ip=caller.source or None
        )
        await self.does.contents.publish(caller, wanted)
        return {"published": True}


def _line(item: Item) -> dict[str, Any]:
    tenant, group, data_id = item.key
    return {
        "namespace": tenant, "group": group, "dataId": data_id, "type": item.type or "text", "md5": item.md5,
        "changedAt": at(item.modified_ms),
    }  # fmt: skip


def unified(before: str, after: str, from_: str, to: str) -> str:
    """A unified diff; a word where there is no difference, or where there is too much to compare."""
    if before == after:
        return "no difference"
    old, new = before.splitlines(), after.splitlines()
    if max(len(old), len(new)) > MOST_LINES:
        return f"the contents differ; they have more than {MOST_LINES} lines, which are not compared"
    return "\n".join(difflib.unified_diff(old, new, from_, to, lineterm="")) or "only ends of lines differ"
