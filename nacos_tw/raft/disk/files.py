"""The few calls to the operating system that the Raft log is made of.

They stand in a class of their own so that tests can put a disk in its place that fails at a chosen
call, or that forgets what was not synced. Everything here blocks and may raise L{OSError}.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import sys

_NEW = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC

_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EACCES: "no permission",
    errno.EPERM: "no permission",
    errno.EROFS: "the file system is read-only",
    errno.EIO: "the disk reports an input/output error",
    errno.ENOTDIR: "a part of the path is not a folder",
    errno.EMFILE: "too many open files",
}


def explain(error: OSError) -> str:
    """An operator's words for what the operating system refused, with the file if it is known."""
    reason = _REASONS.get(error.errno or 0) or error.strerror or str(error)
    return f"{error.filename}: {reason}" if error.filename else reason


def _sync(fd: int) -> None:
    """Put the file's bytes, and the length needed to read them back, on the medium."""
    if sys.platform == "darwin":  # there fsync stops at the drive's own cache
        fcntl.fcntl(fd, fcntl.F_FULLFSYNC)
    else:
        os.fdatasync(fd)


class Disk:
    """The real thing: files by path, open files by descriptor."""

    def make_folder(self, path: str) -> None:
        """Create the folder, and those above it, if missing, durably."""
        if not os.path.isdir(path):
            above = os.path.dirname(os.path.abspath(path))
            self.make_folder(above)
            os.mkdir(path, mode=0o750)
            self.sync_folder(above)

    def names(self, folder: str) -> list[str]:
        """The names in the folder, sorted; none if there is no such folder."""
        try:
            return sorted(os.listdir(folder))
        except FileNotFoundError:
            return []

    def lock(self, path: str, text: bytes) -> int:
        """
        Lock the file for as long as the descriptor stays open, and write C{text} into it.

        @raise BlockingIOError: another holds it.
        """
        fd = os.open(path, _NEW, 0o640)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(fd, 0)
            os.pwrite(fd, text, 0)
        except BaseException:
            os.close(fd)
            raise
        return fd

    def create(self, path: str) -> int:
        """Open a file for reading and writing, empty."""
        return os.open(path, _NEW | os.O_TRUNC, 0o640)

    def open(self, path: str, create: bool = False) -> int:
        """Open a file for reading and writing, as it is."""
        return os.open(path, _NEW if create else os.O_RDWR | os.O_CLOEXEC, 0o640)

    def close(self, fd: int) -> None:
        """Close the descriptor; nothing is synced by that."""
        os.close(fd)

    def read(self, path: str) -> bytes:
        """The whole file, from the medium: what is only in memory is written and forgotten first.

        After a failed fsync the kernel may show bytes that never reached the disk, marked clean."""
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            if sys.platform == "linux":
                with contextlib.suppress(OSError):
                    os.fdatasync(fd)
                    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
            with os.fdopen(fd, "rb", closefd=False) as file:
                return file.read()
        finally:
            os.close(fd)

    def read_at(self, fd: int, size: int, offset: int) -> bytes:
        """Up to C{size} bytes from C{offset}; fewer only at the file's end."""
        data = os.pread(fd, size, offset)
        while len(data) < size:
            more = os.pread(fd, size - len(data), offset + len(data))
            if not more:
                break
            data += more
        return data

    def write(self, fd: int, data: bytes, offset: int) -> None:
        """Write all of C{data} at C{offset}, not synced."""
        written = os.pwrite(fd, data, offset)
        while written < len(data):
            written += os.pwrite(fd, data[written:], offset + written)

    def sync(self, fd: int) -> None:
        """Put what was written on the medium."""
        _sync(fd)

    def append(self, fd: int, data: bytes, offset: int) -> None:
        """Write all of C{data} at C{offset}, the file's end, and put it on the medium."""
        self.write(fd, data, offset)
        self.sync(fd)

    def truncate(self, fd: int, size: int) -> None:
        """Cut the file to C{size} bytes, not synced."""
        os.ftruncate(fd, size)

    def size(self, path: str) -> int:
        """The file's length in bytes; 0 if there is none."""
        try:
            return os.stat(path).st_size
        except FileNotFoundError:
            return 0

    def rename(self, old: str, new: str) -> None:
        """Give the file another name, in one step; a file of that name is replaced."""
        os.rename(old, new)

    def remove(self, path: str) -> None:
        """Remove the file."""
        os.unlink(path)

    def remove_folder(self, path: str) -> None:
        """Remove a folder of plain files."""
        for name in self.names(path):
            self.remove(os.path.join(path, name))
        os.rmdir(path)

    def sync_folder(self, path: str) -> None:
        """Put the folder's names (creations, renames, removals) on the medium."""
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def put_away(self, path: str, data: bytes) -> None:
        """Write a file of no meaning, as durable as any, and remove it whatever comes of that."""
        fd = self.create(path)
        try:
            self.append(fd, data, 0)
        finally:
            self.close(fd)
            self.remove(path)

    def put(self, path: str, data: bytes) -> None:
        """Create or replace a small file so that a crash leaves the old one or the new one."""
        temporary = path + ".tmp"
        fd = self.create(temporary)
        try:
            self.append(fd, data, 0)
        finally:
            self.close(fd)
        self.rename(temporary, path)
        self.sync_folder(os.path.dirname(path))
