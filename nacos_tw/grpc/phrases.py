"""The one place where what went wrong becomes a text for clients of gRPC."""

from __future__ import annotations

from nacos_tw.errors import NacosError


def phrase(error: NacosError) -> str:
    """The text."""
    return str(error)
