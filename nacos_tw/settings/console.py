"""The console: its pages, and its port beside that of the API (docs/spec/http-v2-v3.md#7)."""

from __future__ import annotations

import attrs

from nacos_tw.settings import console_keys as keys
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
    """

    pages: bool = True
    port: int = 0
    context_path: str = ""


def console(reader: Reader) -> ConsoleSettings:
    """
    What an operator decided.

    @raise SettingsError: a value cannot be used.
    """
    deployment = reader.get(keys.DEPLOYMENT)
    port = reader.get(keys.PORT) or (USUAL if deployment == "merged" else 0)
    served = deployment != "server"
    return ConsoleSettings(served and reader.get(keys.PAGES), port if served else 0, reader.get(keys.CONTEXT_PATH))
