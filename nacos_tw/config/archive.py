"""
Reads archives for import, entry by entry (docs/spec/config-v1.md#8.3): never are all unpacked contents in memory at
once.
"""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING

import attrs

from nacos_tw.config import described as descriptions
from nacos_tw.config import metadata
from nacos_tw.config.model import MAX_CONTENT
from nacos_tw.config.problems import ArchiveError, MetadataError
from nacos_tw.config.validation import check_blank, check_characters, check_key, check_length

if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo

META_1 = ".meta.yml"
META_2 = ".metadata.yml"

MOST_ENTRIES = 100_000
LARGEST_ENTRY = 40 * 1024 * 1024
"""Bytes of an entry when it is unpacked."""
LARGEST_ARCHIVE = 128 * 1024 * 1024
"""Bytes of all entries when they are unpacked."""
LARGEST_METADATA = 16 * 1024 * 1024
"""Bytes of the one entry that is looked into, when it is unpacked."""
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
PART = 64 * 1024
"""Bytes that are unpacked at a time to see what an entry is."""
SHOWN = 100
"""Characters of a blank content that its refusal repeats."""

JUNK = frozenset((".DS_Store", "Thumbs.db", "desktop.ini"))
"""What file managers leave in folders, and so in archives."""
RESOURCES = "__MACOSX"
"""The folder into which macOS puts what it knows of files besides."""

NOT_IN_METADATA = "未在元数据中找到: "
NOT_IN_FILE = "未在文件中找到: "

_TYPES = {
    "yml": "yaml", "yaml": "yaml", "txt": "text", "text": "text", "json": "json", "xml": "xml", "htm": "html",
    "html": "html", "properties": "properties", "toml": "toml",
}  # fmt: skip


@attrs.frozen
class Text:
    """
    An entry that was unpacked once, to see that it can be, and what it is.

    @ivar characters: how many it has; C{blank}: whether all of them are.
    """

    entry: ZipInfo
    characters: int
    blank: bool

    @property
    def size(self) -> int:
        """Bytes, in UTF-8."""
        return self.entry.file_size


@attrs.frozen
class Loaded:
    """
    A config of an archive; L{Archive.content} has its content.

    @ivar app_name, desc: None if the archive does not say.
    """

    group: str
    data_id: str
    text: Text
    type: str
    app_name: str | None = None
    desc: str | None = None


@attrs.frozen
class Archive:
    """
    What is in an archive.

    @ivar unrecognized: what is no config, as the API names it.
    @ivar unreadable: names of entries that would be configs, but are no text in UTF-8.
    """

    configs: list[Loaded]
    unrecognized: list[str]
    unreadable: list[str]
    _zip: ZipFile = attrs.field(eq=False, repr=False)

    def content(self, config: Loaded) -> str:
        """The content of one of the configs, unpacked once more."""
        return self._zip.read(config.text.entry).decode()

    def check(self, max_content: int = MAX_CONTENT) -> None:
        """
        Whether all of the configs may be stored.

        @raise nacos_tw.errors.BadParameter: the first may not.
        """
        for one in self.configs:
            check_key(one.data_id, one.group)
            check_characters(one.text.characters, max_content)
            if one.text.blank:
                check_blank(self.content(one)[:SHOWN])
            check_length("appName", one.app_name)
            check_length("desc", one.desc)


def unpack(data: bytes) -> Archive:
    """
    What is in an archive.

    @raise ArchiveError: it cannot be read, or it is a bomb.
    @raise MetadataError: its C{.metadata.yml} is none.
    """
    from zipfile import ZipFile  # seldom used, and brings several others

    # Every entry has its signature in the directory, so nothing is made of a directory that is too long.
    if data.count(DIRECTORY_ENTRY) > MOST_ENTRIES:
        raise ArchiveError("entries", limit=MOST_ENTRIES)
    with _readable():
        archive = ZipFile(BytesIO(data))
        entries = _entries(archive, len(data))
        meta = next((name for name in entries if name in (META_1, META_2)), META_1)
        described = _described(archive, entries.pop(meta, None))
        items = _items(described) if meta == META_2 else None
        found, others = _split(entries, {(one["group"], one["dataId"]) for one in items or ()})
        texts: dict[tuple[str, str], Text] = {}
        unreadable: dict[tuple[str | None, str | None], str] = {}
        for key, entry in found.items():
            try:
                texts[key] = _seen(archive, entry)
            except UnicodeDecodeError:
                unreadable[key] = "/".join(key)
    missing: list[str] = []
    if items is None:
        configs = _first(texts, described)
    else:
        configs, missing = _second(texts, [one for one in items if (one["group"], one["dataId"]) not in unreadable])
    return Archive(configs, others + missing, [*unreadable.values()], archive)


@contextmanager
def _readable() -> Iterator[None]:
    """Whatever the reader of archives trips over is an L{ArchiveError}."""
    from zipfile import BadZipFile, LargeZipFile

    try:
        yield
    except (ArchiveError, MetadataError):
        raise
    except UnicodeDecodeError:
        raise ArchiveError("encoding") from None
    except (BadZipFile, LargeZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError, IndexError) as e:
        raise ArchiveError("format", detail=type(e).__name__) from None


# -- entries


def _entries(archive: ZipFile, size: int) -> dict[str, ZipInfo]:
    """The files by their names, the last of each name; C{size}: of the archive, in bytes."""
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    _check_directory(entries, size)
    return {_name(entry): entry for entry in entries}


def _check_directory(entries: list[ZipInfo], size: int) -> None:
    """Whether entries are safe to unpack, as far as they tell; no more is read of them than they say."""
    total = sum(entry.file_size for entry in entries)
    if total > LARGEST_ARCHIVE or (total > MODEST and total > size * MOST_GROWTH):
        raise ArchiveError("size")
    end = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        if "\0" in entry.orig_filename:
            raise ArchiveError("nul", entry.filename)
        if len(entry.filename) > LONGEST_NAME:
            raise ArchiveError("name", entry.filename[:SHOWN], LONGEST_NAME)
        if entry.compress_type not in (STORED, DEFLATED):
            # The other ways of packing cannot be told to unpack only so much.
            raise ArchiveError("packing", entry.filename)
        if entry.header_offset < end:
            raise ArchiveError("overlap", entry.filename)
        if entry.file_size > LARGEST_ENTRY:
            raise ArchiveError("entry", entry.filename, LARGEST_ENTRY)
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


def _seen(archive: ZipFile, entry: ZipInfo) -> Text:
    """What an entry is, of which little is in memory at a time."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    characters, blank = 0, True
    with archive.open(entry) as opened:
        while data := opened.read(PART):
            text = decoder.decode(data)
            characters += len(text)
            blank = blank and not text.strip()
    decoder.decode(b"", final=True)
    return Text(entry, characters, blank)


def _described(archive: ZipFile, entry: ZipInfo | None) -> str:
    """The metadata; "" if there is none."""
    if entry is None:
        return ""
    if entry.file_size > LARGEST_METADATA:
        raise ArchiveError("metadata", entry.filename, LARGEST_METADATA)
    return archive.read(entry).decode()


# -- what they are


def _split(
    entries: dict[str, ZipInfo], described: set[tuple[str | None, str | None]]
) -> tuple[dict[tuple[str, str], ZipInfo], list[str]]:
    """
    Entries by (group, dataId), and names of what is none, which may be anything and is not read: that is not
    C{group/dataId}, or is what file managers and editors leave behind.

    @param described: what the metadata call a config is one, however it is named.
    """
    configs: dict[tuple[str, str], ZipInfo] = {}
    others = []
    for name, entry in entries.items():
        group, slash, data_id = name.partition("/")
        config = group and data_id and "/" not in data_id
        if config and ((group, data_id) in described or not _left_behind(group, data_id)):
            configs[group, data_id] = entry
        else:
            others.append(name)
    return configs, others


def _left_behind(group: str, data_id: str) -> bool:
    """Whether no person put that file there: what macOS, Windows and editors (vim, emacs) keep beside others."""
    if group == RESOURCES or data_id in JUNK or data_id.startswith(("._", ".#", "~$")):
        return True
    return data_id.endswith("~") or (data_id.startswith(".") and data_id.endswith((".swp", ".swo", ".swx")))


def _items(described: str) -> list[descriptions.Item]:
    items = descriptions.load(described)
    for number, item in enumerate(items, 1):
        for name in ("group", "dataId", "type"):
            if not item.get(name):
                raise MetadataError("field", item=number, detail=name)
    return items


def _first(configs: dict[tuple[str, str], Text], described: str) -> list[Loaded]:
    """What the archive of a version 1 holds."""
    apps = metadata.load_apps(described)
    return [
        Loaded(group, data_id, text, type_by_name(data_id), metadata.app_of(apps, group, data_id))
        for (group, data_id), text in configs.items()
    ]


def _second(configs: dict[tuple[str, str], Text], items: list[descriptions.Item]) -> tuple[list[Loaded], list[str]]:
    """What that of a version 2 holds; and what is not both in it and in its metadata."""
    loaded: list[Loaded] = []
    missing: list[str] = []
    for item in items:
        group, data_id, kind = item["group"] or "", item["dataId"] or "", item["type"] or ""
        text = configs.pop((group, data_id), None)
        if text is None:
            missing.append(f"{NOT_IN_FILE}{group}/{data_id}")
        else:
            loaded.append(Loaded(group, data_id, text, kind, item.get("appName"), item.get("desc")))
    missing.extend(f"{NOT_IN_METADATA}{group}/{data_id}" for group, data_id in configs)
    return loaded, missing


def type_by_name(data_id: str) -> str:
    """The type that a dataId's ending stands for."""
    return _TYPES.get(data_id.rpartition(".")[2].lower(), "text") if "." in data_id else "text"
