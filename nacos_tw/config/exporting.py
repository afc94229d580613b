"""Export of configs as a zip archive (docs/spec/config-v1.md#8); L{nacos_tw.config.archive} reads one for import."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timezone
from io import BytesIO
from typing import TypeVar

from nacos_tw.config import metadata, store_search
from nacos_tw.config.archive import META_1, META_2
from nacos_tw.config.model import ConfigKey, Item
from nacos_tw.config.requests import Search
from nacos_tw.config.rows import Sized
from nacos_tw.storage.txn import Txn

T = TypeVar("T")

BATCH_BYTES = 1024 * 1024
"""Bytes of contents, about, that are in work at a time."""
BATCH = 500
"""Configs, likewise."""


def export(
    txn: Txn,
    wanted: Search,
    ids: list[int],
    version: int,
    at_ms: int,
    readable: Callable[[ConfigKey], bool] = lambda key: True,
) -> bytes:
    """
    The archive of the configs with these ids, or, if there are none given, of a search.

    @param version: 1 or 2.
    @param at_ms: the time that entries have.
    @param readable: whether the asker may read a config; the others are left out.
    """
    return pack(_found(txn, wanted, ids, readable), version, at_ms)


def _found(txn: Txn, wanted: Search, ids: list[int], readable: Callable[[ConfigKey], bool]) -> Iterator[Item]:
    """The configs, of whose contents few are in memory at a time."""
    for page in _pages(txn, wanted, ids):
        for batch in batches([one for one in page if readable(one.key)], lambda one: one.size):
            yield from store_search.rows_by_ids(txn, [one.id for one in batch])


def _pages(txn: Txn, wanted: Search, ids: list[int]) -> Iterator[list[Sized]]:
    if ids:
        yield store_search.sizes_by_ids(txn, ids)
        return
    last = -1
    while page := store_search.export_page(txn, wanted, last, BATCH):
        yield page
        last = page[-1].id


def batches(items: Iterable[T], size: Callable[[T], int]) -> Iterator[list[T]]:
    """
    The items in parts of modest size, in order.

    @param size: bytes of an item, about.
    """
    batch: list[T] = []
    total = 0
    for item in items:
        more = size(item)
        if batch and (total + more > BATCH_BYTES or len(batch) >= BATCH):
            yield batch
            batch, total = [], 0
        batch.append(item)
        total += more
    if batch:
        yield batch


def pack(items: Iterable[Item], version: int, at_ms: int) -> bytes:
    """The archive of these configs, see L{export}."""
    from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo  # seldom used, and brings several others

    when = datetime.fromtimestamp(at_ms / 1000, timezone.utc).timetuple()[:6]
    out = BytesIO()
    apps: dict[tuple[str, str], str] = {}
    described: list[dict[str, str | None]] = []
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:

        def add(name: str, text: str) -> None:
            entry = ZipInfo(name, when)
            entry.compress_type = ZIP_DEFLATED
            archive.writestr(entry, text.encode())

        for item in items:
            _, group, data_id = item.key
            add(f"{group}/{data_id}", item.content)
            if item.app_name:
                apps[group, data_id] = item.app_name
            if version == 2:
                described.append(_described(item))
        if version == 2:
            add(META_2, metadata.write(described))
        elif apps:
            add(META_1, metadata.dump_apps(apps))
    return out.getvalue()


def _described(item: Item) -> dict[str, str | None]:
    _, group, data_id = item.key
    return {
        "appName": item.app_name or "",
        "dataId": data_id,
        "desc": item.desc,
        "group": group,
        "type": item.type or "text",
    }
