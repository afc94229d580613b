"""A small file that only its owner may read, for secrets."""

from __future__ import annotations

import os
import tempfile

from twisted.logger import Logger


class PrivateFile:
    """One file, read and written as a whole. What the disk refuses is logged: the node goes on without it."""

    log = Logger()

    def __init__(self, path: str) -> None:
        self.path = path

    def read(self, most: int = -1) -> bytes | None:
        """
        What is in it; None if there is no such file, or it cannot be read.

        @param most: bytes that are read at most; -1 for all.
        """
        try:
            with open(self.path, "rb") as file:
                return file.read(most)
        except FileNotFoundError:
            return None
        except OSError as error:
            self.log.warn("{path} cannot be read: {error}", path=self.path, error=error)
            return None

    def write(self, data: bytes) -> None:
        """Take the place of what was there, whole or not at all."""
        folder = os.path.dirname(self.path)
        try:
            os.makedirs(folder, mode=0o750, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=folder)  # mode 0600
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                os.replace(temporary, self.path)
            except BaseException:
                os.unlink(temporary)
                raise
        except OSError as error:
            self.log.warn("{path} cannot be written: {error}", path=self.path, error=error)
