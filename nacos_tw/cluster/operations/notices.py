"""What an operator has written for the readers of the pages, in files of conf/ (docs/spec/http-v2-v3.md#5.6)."""

from __future__ import annotations

import os

from nacos_tw.access.caller import Caller
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.rules import Rule
from nacos_tw.cluster.requests import Asking, NoticeIn

LONGEST = 2**16
"""Bytes that are read of a file."""
GUIDE = "console-guide.conf"
LANGUAGES = "zh-CN", "en-US"


class Notices(Operations):
    """They are read when they are asked for, so a change shows at once."""

    __slots__ = ("_folder",)

    def __init__(self, folder: str) -> None:
        """@param folder: conf/."""
        self._folder = folder

    @operation(Rule("open"))
    def announcement(self, caller: Caller, request: NoticeIn) -> str | None:
        """C{announcement_<language>.conf}; None if there is none."""
        return self._read(f"announcement_{request.language}.conf") if request.language in LANGUAGES else None

    @operation(Rule("open"))
    def guide(self, caller: Caller, request: Asking) -> str | None:
        """C{console-guide.conf}; None if there is none."""
        return self._read(GUIDE)

    def _read(self, name: str) -> str | None:
        try:
            with open(os.path.join(self._folder, name), "rb") as file:
                return file.read(LONGEST).decode("utf-8", "replace")
        except OSError:
            return None
