"""Chooses the API in whose words an error is reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nacos_tw.http.v1 import phrases as v1
from nacos_tw.http.v2 import phrases as v2
from nacos_tw.http.v3 import phrases as v3

if TYPE_CHECKING:
    from nacos_tw.http.call import Call
    from nacos_tw.http.reply import Reply


def phrase(error: BaseException, call: Call) -> Reply:
    """The answer to a call that ended in an error, in the words of the API that its path belongs to."""
    start = call.path[:4]
    if start == "/v2/":
        return v2.phrase(error, call)
    if start == "/v3/":
        return v3.phrase(error, call)
    return v1.phrase(error, call)
