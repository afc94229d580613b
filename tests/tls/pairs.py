"""Certificates for the tests, made once."""

from __future__ import annotations

import functools
import os
import pathlib
from collections.abc import Sequence

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.tls.files import Credentials
from nacos_tw.tls.making import Pair, Span, make_ca, make_node


def ca(name: str = "ours") -> Pair:
    """A CA of that name."""
    return _ca(name)


@functools.cache
def _ca(name: str) -> Pair:
    return make_ca(name, Span.days(30))


@functools.cache
def node(*hosts: str, days: float = 20, signer: str = "ours") -> Pair:
    """A node's certificate from that CA."""
    return make_node(ca(signer), hosts or ("127.0.0.1",), Span.days(days))


def credentials(pair: Pair, authorities: Sequence[Pair] = ()) -> Credentials:
    """As they are read from files."""
    return Credentials(pair.key, pair.certificate, (), tuple(one.certificate for one in authorities))


class FolderCase(SynchronousTestCase):
    """Tests with a folder of files."""

    def setUp(self) -> None:
        self.folder = pathlib.Path(os.path.abspath(self.mktemp()))
        self.folder.mkdir()

    def write(self, name: str, *data: bytes) -> str:
        """The path of a file that holds this."""
        (self.folder / name).write_bytes(b"".join(data))
        return str(self.folder / name)
