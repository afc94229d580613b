"""Which API's words an error is told in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nacos_tw.http.v1 import phrases as v1

if TYPE_CHECKING:
    from nacos_tw.http.call import Call
    from nacos_tw.http.reply import Reply


def phrase(error: BaseException, call: Call) -> Reply:
    """The answer to a call that ended in an error, in the words of the API that its path belongs to."""
    return v1.phrase(error, call)
