"""What commands about instances take."""

from __future__ import annotations

import click

GROUP = click.option("--group", "-g", default="DEFAULT_GROUP", show_default=True, help="The service's group.")


def address_of(text: str) -> tuple[str, int]:
    """IP:PORT."""
    ip, colon, port = text.rpartition(":")
    if not colon or not ip or not port.isdigit():
        raise click.UsageError(f"{text}: expected IP:PORT")
    return ip.strip("[]"), int(port)


def metadata_of(pairs: tuple[str, ...]) -> dict[str, str]:
    """KEY=VALUE of each."""
    found = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign or not key:
            raise click.UsageError(f"{pair}: expected KEY=VALUE")
        found[key] = value
    return found
