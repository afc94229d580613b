"""Configs as a zip archive, and back (config fact sheet 8)."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timezone
from io import BytesIO
from typing import TYPE_CHECKING, Any

import attrs

from nacos_tw.config import metadata, store_search
from nacos_tw.config.metadata import MetadataError
from nacos_tw.config.model import ConfigKey, Item, check_content, check_key, check_length
from nacos_tw.config.store_search import Search
from nacos_tw.storage.txn import Txn

if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo

META_1 = ".meta.yml"
META_2 = ".metadata.yml"

MOST_ENTRIES = 100_000
LARGEST_ENTRY = 40 * 1024 * 1024
"""Bytes of an entry when it is unpacked."""
LARGEST_ARCHIVE = 128 * 1024 * 1024
"""Bytes of all entries when they are unpacked."""
MODEST = 64 * 1024 * 1024
"""An archive that unpacks to more bytes than these must not grow by more than L{MOST_GROWTH} times."""
MOST_GROWTH = 200
STORED, DEFLATED = 0, 8
"""The ways of packing that Java's own reader knows."""
LOCAL_HEAD = 30
"""Least bytes in front of an entry's data."""
DIRECTORY_ENTRY = b"PK\x01\x02"
"""What an entry of the directory begins with."""
LONGEST_NAME = 1024
"""Bytes of an entry's name."""

_TYPES = {
    "yml": "yaml", "yaml": "yaml", "txt": "text", "text": "text", "json": "json", "xml": "xml", "htm": "html",
    "html": "html", "properties": "properties", "toml": "toml",
}  # fmt: skip

NOT_IN_METADATA = "未在元数据中找到: "
NOT_IN_FILE = "未在文件中找到: "


class ArchiveError(ValueError):
    """The archive cannot be read, or is not one that is safe to."""


@attrs.frozen
class Loaded:
    """
    A config of an archive.

    @ivar app_name, desc: None if the archive does not say.
    """

    group: str
    data_id: str
    content: str
    type: str
    app_name: str | None = None
    desc: str | None = None


@attrs.frozen
class Archive:
    """What is in an archive; C{unrecognized}: what is no config, as the API names it."""

    configs: list[Loaded]
    unrecognized: list[str]


# -- writing


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
    return pack((item for item in _found(txn, wanted, ids) if readable(item.key)), version, at_ms)


def _found(txn: Txn, wanted: Search, ids: list[int]) -> Iterator[Item]:
    if ids:
        for start in range(0, len(ids), 200):
            yield from store_search.rows_by_ids(txn, ids[start : start + 200])
        return
    last = -1
    while items := store_search.export_page(txn, wanted, last, 200):
        yield from items
        last = items[-1].id


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
            add(META_2, metadata.dump(described))
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


# -- reading


def unpack(data: bytes) -> Archive:
    """
    What is in an archive.

    @raise ArchiveError: it cannot be read, or it is a bomb.
    @raise MetadataError: its C{.metadata.yml} is none.
    """
    from zipfile import BadZipFile, LargeZipFile, ZipFile

    # Every entry has its signature in the directory, so nothing is made of a directory that is too long.
    if data.count(DIRECTORY_ENTRY) > MOST_ENTRIES:
        raise ArchiveError(f"more than {MOST_ENTRIES} entries")
    try:
        with ZipFile(BytesIO(data)) as archive:
            texts = dict(_texts(archive, len(data)))
    except (
        BadZipFile,
        LargeZipFile,
        zlib.error,
        EOFError,
        OSError,
        RuntimeError,
        ValueError,
        NotImplementedError,
    ) as e:
        if isinstance(e, ArchiveError):
            raise
        raise ArchiveError(f"no archive that can be read: {type(e).__name__}") from None
    meta = next((name for name in texts if name in (META_1, META_2)), META_1)
    described = texts.pop(meta, "")
    if meta == META_2:
        return _second(texts, described)
    return _first(texts, described)


def _texts(archive: ZipFile, size: int) -> Iterator[tuple[str, str]]:
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    _check_directory(entries, size)
    unpacked = 0
    for entry in entries:
        name = _name(entry)
        if len(entry.filename) > LONGEST_NAME:
            raise ArchiveError("the name of an entry is too long")
        # Its head may lie about the size: so no more is read than it says.
        if entry.file_size > LARGEST_ENTRY:
            raise ArchiveError("an entry unpacks to too much")
        with archive.open(entry) as opened:
            data = opened.read(entry.file_size + 1)
        unpacked += len(data)
        if len(data) > entry.file_size or unpacked > LARGEST_ARCHIVE:
            raise ArchiveError("an entry unpacks to more than it says")
        try:
            yield name, data.decode("utf-8")
        except UnicodeDecodeError:
            raise ArchiveError("an entry is no text in UTF-8") from None


def _check_directory(entries: list[ZipInfo], size: int) -> None:
    """Whether entries are safe to unpack, as far as they tell; C{size}: of the archive, in bytes."""
    total = sum(entry.file_size for entry in entries)
    if total > LARGEST_ARCHIVE or (total > MODEST and total > size * MOST_GROWTH):
        raise ArchiveError("the archive unpacks to too much")
    end = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        if "\0" in entry.orig_filename:
            raise ArchiveError("the name of an entry has a NUL")
        if entry.compress_type not in (STORED, DEFLATED):
            # The other ways of packing cannot be told to unpack only so much.
            raise ArchiveError("an entry is packed in a way that is not supported")
        if entry.header_offset < end:
            raise ArchiveError("entries share bytes")
        end = entry.header_offset + LOCAL_HEAD + entry.compress_size


def _name(entry: ZipInfo) -> str:
    """The name of an entry. Without the flag for UTF-8 it was written on a Windows of who knows which language."""
    if entry.flag_bits & 0x800:
        return entry.filename
    raw = entry.filename.encode("cp437", "replace")
    for encoding in ("utf-8", "gbk"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return entry.filename


def _split(texts: dict[str, str]) -> tuple[dict[tuple[str, str], str], list[str]]:
    """Entries by (group, dataId), and names that are not C{group/dataId}."""
    configs: dict[tuple[str, str], str] = {}
    others = []
    for name, text in texts.items():
        group, slash, data_id = name.partition("/")
        if group and data_id and "/" not in data_id:
            configs[group, data_id] = text
        else:
            others.append(name)
    return configs, others


def _first(texts: dict[str, str], described: str) -> Archive:
    configs, unrecognized = _split(texts)
    apps = metadata.load_apps(described)
    return Archive(
        [
            Loaded(group, data_id, text, type_by_name(data_id), metadata.app_of(apps, group, data_id))
            for (group, data_id), text in configs.items()
        ],
        unrecognized,
    )


def _second(texts: dict[str, str], described: str) -> Archive:
    configs, unrecognized = _split(texts)
    loaded = []
    for item in metadata.load(described):
        group, data_id, kind = item.get("group"), item.get("dataId"), item.get("type")
        if not group or not data_id or not kind:
            raise MetadataError("metadata without dataId, group or type")
        text = configs.pop((group, data_id), None)
        if text is None:
            unrecognized.append(f"{NOT_IN_FILE}{group}/{data_id}")
        else:
            loaded.append(Loaded(group, data_id, text, kind, item.get("appName"), item.get("desc")))
    unrecognized.extend(f"{NOT_IN_METADATA}{group}/{data_id}" for group, data_id in configs)
    return Archive(loaded, unrecognized)


def type_by_name(data_id: str) -> str:
    """The type that a dataId's ending stands for."""
    return _TYPES.get(data_id.rpartition(".")[2].lower(), "text") if "." in data_id else "text"


def check(items: Iterable[Any], max_content: int) -> None:
    """
    Whether all of these L{Loaded} may be stored.

    @raise nacos_tw.errors.BadParameter: the first may not.
    """
    for item in items:
        check_key(item.data_id, item.group)
        check_content(item.content, max_content)
        check_length("appName", item.app_name)
        check_length("desc", item.desc)
