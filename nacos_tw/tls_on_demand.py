"""Keeps TLS out of the memory of a node that does not speak it.

Twisted's reactor loads pyOpenSSL and cryptography wherever they can be imported, and does without where they cannot.
They take 13 MB, a quarter of a node at rest. So L{nacos_tw.__main__} hides them before it loads Twisted, and a node
whose ports speak TLS shows them again before it loads what that takes. Twisted's reactor need not know of it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


def hide() -> None:
    """Let C{import OpenSSL} fail from here on, unless somebody has loaded it before."""
    sys.modules.setdefault("OpenSSL", None)  # type: ignore[arg-type]


def show() -> None:
    """From here on pyOpenSSL can be imported. What was imported before does without it for good."""
    if sys.modules.get("OpenSSL", sys) is None:
        del sys.modules["OpenSSL"]


@contextmanager
def without(name: str) -> Iterator[None]:
    """What is imported meanwhile does not find the package C{name}, unless somebody has loaded it before."""
    hidden = name not in sys.modules
    if hidden:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if hidden:
            del sys.modules[name]
