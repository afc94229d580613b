"""The console: its pages, and its port beside that of the API (docs/spec/http-v2-v3.md#7)."""

from __future__ import annotations

import socket

import attrs

from nacos_tw.settings import console_keys as keys
from nacos_tw.settings.clusterconf import RAFT_OFFSET
from nacos_tw.settings.grpc import OFFSET
from nacos_tw.settings.properties import CONTAINER
from nacos_tw.settings.reading import Reader

USUAL = 8080
"""The console's port in Nacos 3."""


@attrs.frozen
class ConsoleSettings:
    """
    The console's.

    @ivar pages: whether they are served, on any port.
    @ivar port: the port beside that of the API; 0 for none.
    @ivar context_path: on that port; "" for the root.
    @ivar usual: whether nobody has named that port, which a container takes as others do: it can do without.
    """

    pages: bool = True
    port: int = 0
    context_path: str = ""
    usual: bool = False


def console(reader: Reader) -> ConsoleSettings:
    """
    What an operator decided.

    @raise SettingsError: a value cannot be used.
    """
    deployment = reader.get(keys.DEPLOYMENT)
    port = reader.get(keys.PORT) or (USUAL if deployment == "merged" else 0)
    served = deployment != "server"
    named = reader.value(keys.PORT)
    usual = named is not None and named.origin == CONTAINER
    path = reader.get(keys.CONTEXT_PATH)
    return ConsoleSettings(served and reader.get(keys.PAGES), port if served else 0, path, usual)


def usual_port(http: int, usual: int = USUAL) -> int:
    """
    The console's port in a container that names none; 0 for none: something else has it, as containers may share the
    network of their machine.

    @param http: the port of the API.
    """
    if usual in (http, http + OFFSET, http - RAFT_OFFSET):
        return 0
    with socket.socket() as trying:
        trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trying.bind(("", usual))
        except OSError:
            return 0
    return usual
