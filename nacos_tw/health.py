"""C{nacos-tw health}: whether the node that runs here can do its work, for containers' HEALTHCHECK and for scripts."""

from __future__ import annotations

import http.client
import os
import ssl
import sys
from collections.abc import Sequence
from typing import Any, ClassVar

from twisted.python import usage

from nacos_tw.options import Options, load_settings
from nacos_tw.settings.settings import Settings
from nacos_tw.starting import one_line_errors

PATIENCE = 5.0
"""Seconds for an answer."""


class HealthOptions(Options):
    """Those of the node, and whether it is enough that it lives."""

    optFlags: ClassVar[list[list[Any]]] = [
        *Options.optFlags,
        ["live", None, "Whether it lives is asked, not whether it can do its work."],
    ]  # fmt: skip


def main(arguments: Sequence[str]) -> int:
    """
    Ask the node.

    @param arguments: those after C{health}: the ones that the node itself was started with.
    @return: 0 if it is well, 1 if not. What is wrong goes to standard output, in one line.
    """
    options = HealthOptions()
    try:
        options.parseOptions(arguments)
    except usage.UsageError as error:
        raise SystemExit(options.refusal(str(error))) from None
    with one_line_errors():
        settings = load_settings(options, os.environ)
    reason = ask(settings, "liveness" if options["live"] else "readiness")
    if reason:
        sys.stdout.write(f"{reason}\n")
    return 1 if reason else 0


def ask(settings: Settings, what: str) -> str:
    """What is wrong; "" where nothing is."""
    host = settings.address if settings.address not in ("", "0.0.0.0", "::") else "127.0.0.1"  # noqa: S104
    connection: http.client.HTTPConnection
    if settings.https is None:
        connection = http.client.HTTPConnection(host, settings.port, timeout=PATIENCE)
    else:
        context = ssl.create_default_context()
        context.check_hostname = False  # it is this machine that is asked, by an address
        context.verify_mode = ssl.CERT_NONE
        connection = http.client.HTTPSConnection(host, settings.port, timeout=PATIENCE, context=context)
    try:
        connection.request("GET", f"{settings.context_path}/v1/console/health/{what}")
        answer = connection.getresponse()
        text = answer.read(300).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        return f"{host}:{settings.port}: {error or type(error).__name__}"
    finally:
        connection.close()
    return "" if answer.status == 200 else text or f"status {answer.status}"
