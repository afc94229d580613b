"""
Which configs a transaction was changing when the process died.

A node commits to the shared database before it updates its copy on disk. If it is killed in between, it would serve the
earlier content after its next start, as long as it cannot ask the database. So the names are noted before the commit,
in a file that outlives the process (not the machine: it is not synced), and are removed when the copy on disk is up to
date.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable

import msgspec
from twisted.logger import Logger

from nacos_tw.config.model import ConfigKey
from nacos_tw.errors import StartError

LARGEST = 256 * 1024
"""Bytes of the file; beyond, it is written anew with what still counts."""

_decode = msgspec.json.Decoder(ConfigKey).decode


class Intent:
    """
    One write.

    @ivar keys: what it was noted to change.
    """

    __slots__ = ("keys",)

    def __init__(self) -> None:
        self.keys: dict[ConfigKey, None] = {}


class Intents:
    """
    The file.

    @ivar left: what was noted in it when it was opened.
    """

    log = Logger()

    def __init__(self, path: str) -> None:
        """@raise StartError: it cannot be used."""
        self._path = path
        self._lock = threading.Lock()
        self._failed = False
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            self.left = _read(path)
            self._file = _open(path)
        except OSError as error:
            raise StartError(f"{path}: cannot be used: {error.strerror or error}") from error
        # How many writes that are under way change it; 0: the copy on disk does not know yet.
        self._noted = dict.fromkeys(self.left, 0)
        self._size = os.fstat(self._file).st_size

    def note(self, intent: Intent, keys: Iterable[ConfigKey]) -> None:
        """These are about to be changed. From any thread; noting them again for the same write changes nothing."""
        with self._lock:
            new = [key for key in keys if key not in intent.keys]
            intent.keys.update(dict.fromkeys(new))
            for key in new:
                self._noted[key] = self._noted.get(key, 0) + 1
            self._write(new)

    def ended(self, intent: Intent, changed: bool) -> None:
        """The write is over, and what came of it is on the way to the disk. @param changed: whether it did anything."""
        with self._lock:
            for key in intent.keys:
                self._noted[key] -= 1
                if not changed and not self._noted[key]:
                    del self._noted[key]
            self._tidy()

    def on_disk(self, keys: Iterable[ConfigKey]) -> None:
        """The copy on disk knows how these are."""
        with self._lock:
            for key in keys:
                if self._noted.get(key) == 0:
                    del self._noted[key]
            self._tidy()

    def close(self) -> None:
        """The end."""
        with self._lock:
            if self._file >= 0:
                os.close(self._file)
                self._file = -1

    def _tidy(self) -> None:
        if not self._size or self._file < 0:
            return
        try:
            if not self._noted:
                os.ftruncate(self._file, 0)
                self._size = 0
            elif self._size > LARGEST:
                self._rewrite()
        except OSError as error:
            self._failing(error)

    def _rewrite(self) -> None:
        draft = self._path + ".new"
        with open(draft, "wb") as file:
            file.write(_lines(self._noted))
        os.replace(draft, self._path)
        before, self._file = self._file, _open(self._path)
        os.close(before)
        self._size = os.fstat(self._file).st_size

    def _write(self, keys: list[ConfigKey]) -> None:
        data = _lines(keys)
        if not data or self._file < 0:
            return
        try:
            self._size += os.write(self._file, data)
        except OSError as error:
            self._failing(error)

    def _failing(self, error: OSError) -> None:
        if not self._failed:
            self._failed = True
            self.log.error("{path} cannot be written: {why}", path=self._path, why=error.strerror or str(error))


def _open(path: str) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


def _lines(keys: Iterable[ConfigKey]) -> bytes:
    return b"".join(msgspec.json.encode(key) + b"\n" for key in keys)


def _read(path: str) -> list[ConfigKey]:
    """The keys in the file. What was cut off at its end was noted for a commit that was not sent."""
    try:
        with open(path, "rb") as file:
            lines = file.read().split(b"\n")
    except FileNotFoundError:
        return []
    found: dict[ConfigKey, None] = {}
    for line in lines:
        try:
            found[_decode(line)] = None
        except msgspec.MsgspecError:
            continue
    return list(found)
