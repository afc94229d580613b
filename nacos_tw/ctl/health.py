"""Whether a node can do its work, and what it measures."""

from __future__ import annotations

from nacos_tw.ctl.client import Client


def readiness(client: Client) -> str:
    """
    Why a node cannot do its work; "" if it can.

    @raise nacos_tw.ctl.failures.Failure: it does not answer.
    """
    answer = client.call("GET", "/v3/admin/core/state/readiness")
    coded = answer.coded
    if coded is None:
        answer = client.call("GET", "/v1/console/health/readiness")
        return "" if answer.status == 200 else answer.text[:300].strip() or str(answer.status)
    if coded["code"] == 0 and answer.status < 300:
        return ""
    return str(coded["data"] or coded.get("message") or answer.status)


def samples(text: str) -> dict[str, float]:
    """The metrics without labels."""
    found = {}
    for line in text.splitlines():
        name, _, value = line.partition(" ")
        if not line.startswith("#") and value and "{" not in name:
            try:
                found[name] = float(value)
            except ValueError:
                continue
    return found
