"""Imported first by L{nacos_tw.__main__}: keeps what a node does not use out of its memory.

Twisted's reactor loads pyOpenSSL and cryptography (12 MB), and asyncio, which Twisted loads, the TLS of
the standard library (1 MB), wherever they can be imported; both do without where they cannot. So do the
standard library's archives without two ways of compressing. Werkzeug, of which Klein uses the routing,
loads its development server, test client and requests in any case (1 MB), and PyJWT a client for keys on the web, so
empty modules stand in for these.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

LENT = ("_ssl", "_bz2", "_lzma")
STAND_INS = {
    "werkzeug.serving": ("run_simple",),
    "werkzeug.test": ("Client",),
    "werkzeug.wrappers": ("Request", "Response"),
    "jwt.jwks_client": ("PyJWKClient",),
}


def leave_out() -> None:
    """
    Hide TLS from the modules that are loaded next.

    A node whose listeners speak TLS calls L{give_access_to_tls} before it loads what that takes. Twisted's reactor need
    not know of it.
    """
    for name in ("OpenSSL", *LENT):
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]
    for name, contents in STAND_INS.items():
        if name.partition(".")[0] not in sys.modules:
            sys.modules[name] = module = ModuleType(name)
            for content in contents:
                setattr(module, content, None)


def give_access() -> None:
    """From here on the standard library has all its parts: a connection to a database may want TLS."""
    for name in LENT:
        if sys.modules.get(name, sys) is None:
            del sys.modules[name]


def give_access_to_tls() -> None:
    """From here on pyOpenSSL can be imported. What was imported before does without it for good."""
    if sys.modules.get("OpenSSL", sys) is None:
        del sys.modules["OpenSSL"]
    give_access()


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


leave_out()
