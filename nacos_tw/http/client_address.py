"""The client's address as configs use it: for beta copies, polls and the history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nacos_tw.config.operations.contents import LONGEST_ADDRESS

if TYPE_CHECKING:
    from nacos_tw.http.call import Call


def client_ip(call: Call) -> str:
    """The client's address: first of X-Forwarded-For, else X-Real-IP, else the peer's (docs/spec/config-v1.md#1.3)."""
    head = call.lower_head
    found = ""
    if head.find(b"\r\nx-forwarded-for:") >= 0:
        found = call.header(b"x-forwarded-for").partition(",")[0].strip()
    if not found and head.find(b"\r\nx-real-ip:") >= 0:
        found = call.header(b"x-real-ip")
    return (found or call.peer)[:LONGEST_ADDRESS]


def source_user(call: Call, *names: str) -> str | None:
    """
    Who does it, as the call says; a login counts for more.

    @param names: of the parameters that say it in that API.
    """
    params = call.params
    for name in (*names, "username"):
        if params.get(name):
            return params[name]
    return None
