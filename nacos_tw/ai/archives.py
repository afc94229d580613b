"""Zip archives that packages of the AI registries come and go as: files in, files out. Pure."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from io import BytesIO
from typing import Any

from msgspec import Struct

from nacos_tw.ai.problems import AiInvalid

MOST_FILES = 1000
MOST_BYTES = 10 * 1024 * 1024
"""Of all files, unpacked."""
BASE64 = {"encoding": "base64"}
"""Metadata of a file that is no text."""


class Resource(Struct, kw_only=True):
    """A file. C{type}: the folder that it is in, "" for none."""

    name: str
    type: str = ""
    content: str = ""
    metadata: dict[str, Any] | None = None

    @property
    def path(self) -> str:
        """Within the package's folder."""
        return f"{self.type}/{self.name}" if self.type else self.name

    def data(self) -> bytes:
        """Its bytes."""
        coded = (self.metadata or {}).get("encoding") == BASE64["encoding"]
        return base64.b64decode(self.content) if coded else self.content.encode()


def files_of(data: bytes) -> dict[str, bytes]:
    """
    The files of an archive by their paths, without those that systems leave in archives by themselves.

    @raise AiInvalid: it is no archive, is too large, or a path leads out of its folder.
    """
    from zipfile import BadZipFile, ZipFile  # seldom used, and brings several others

    files: dict[str, bytes] = {}
    try:
        with ZipFile(BytesIO(data)) as archive:
            entries = [each for each in archive.infolist() if not each.is_dir() and not _passing(each.filename)]
            if len(entries) > MOST_FILES or sum(each.file_size for each in entries) > MOST_BYTES:
                raise AiInvalid("file", "size", len(entries), MOST_BYTES)
            for each in entries:
                check_path(each.filename)
                with archive.open(each) as file:
                    files[each.filename] = file.read(MOST_BYTES + 1)
    except (BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise AiInvalid("file", "format", detail=str(error)) from None
    return files


def outermost(files: Iterable[str], name: str) -> str | None:
    """The path of the file of that name that is in the fewest folders; None if there is none."""
    found = [path for path in files if path.rpartition("/")[2] == name]
    return min(found, key=lambda path: (path.count("/"), path), default=None)


def resource_of(path: str, content: bytes) -> Resource:
    """A file: as text where it is one, else in base 64."""
    folder, _, name = path.rpartition("/")
    text = text_of(content)
    if text is not None:
        return Resource(name=name, type=folder, content=text)
    return Resource(name=name, type=folder, content=base64.b64encode(content).decode(), metadata=dict(BASE64))


def resources_below(files: dict[str, bytes], root: str) -> list[Resource]:
    """The files of a folder. @param root: its path with C{/} at the end, or "" for all."""
    return [resource_of(path[len(root) :], content) for path, content in files.items() if path.startswith(root)]


def archive_of(files: Iterable[tuple[str, bytes]]) -> bytes:
    """An archive: the same bytes for the same files."""
    from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

    out = BytesIO()
    with ZipFile(out, "w") as archive:
        for path, content in files:
            entry = ZipInfo(path, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = ZIP_DEFLATED
            archive.writestr(entry, content)
    return out.getvalue()


def text_of(content: bytes) -> str | None:
    """A file's text; None if it is none."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def check_path(path: str) -> None:
    """@raise AiInvalid: it leads out of the folder, or cannot be unpacked everywhere."""
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts) or "\\" in path or "\0" in path or ":" in parts[0]:
        raise AiInvalid("file", "path", path)


def _passing(name: str) -> bool:
    """Files that systems leave in archives by themselves."""
    last = name.rpartition("/")[2]
    return name.startswith("__MACOSX/") or last == ".DS_Store" or last.startswith("._")
