"""The keys of the console (docs/spec/http-v2-v3.md#7)."""

from __future__ import annotations

from nacos_tw.settings.key import Key
from nacos_tw.settings.kinds import choice, integer, switch, url_path

PAGES = Key("nacos.console.ui.enabled", switch(), "true", "Whether this node serves the console's pages.")
PORT = Key(
    "nacos.console.port", integer(1, 65535), "", "Port on which the pages and the APIs for browsers are served as "
    "well (8080 in Nacos 3); none if unset. server.port always serves them too.",
)  # fmt: skip
CONTEXT_PATH = Key(
    "nacos.console.contextPath", url_path, "", "Path of the console on that port; the root if unset.", blank=True,
)  # fmt: skip
DEPLOYMENT = Key(
    "nacos.deployment.type", choice("", "merged", "server"), "", "merged: with a port for the console, 8080 unless "
    "nacos.console.port names another. server: without pages and without that port. (console, a console that runs "
    "without a server, is not supported.)",
)  # fmt: skip
KEYS = PAGES, PORT, CONTEXT_PATH, DEPLOYMENT
