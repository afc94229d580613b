"""C{nacosctl debug}."""

from __future__ import annotations

from datetime import datetime, timezone
from itertools import chain

import click

from nacos_tw.ctl.commands.endpoint import nodes_of
from nacos_tw.ctl.session import Group, Session, pass_session


@click.group(cls=Group)
def debug() -> None:
    """A bundle for a bug report."""


@debug.command("dump")
@click.argument("file", default="")
@click.option("--home", help="Also the settings and logs of the node with this home, on this machine.")
@pass_session
def write_dump(session: Session, file: str, home: str | None) -> None:
    """Write what every node says of itself into FILE (tar.gz), without secrets and without contents of configs. Look it
    through before you give it away: addresses and names of services are in it."""
    from nacos_tw.ctl import bundles

    path = file or f"nacos-debug-{datetime.now(timezone.utc).strftime('%Y%m%dT%H%M%SZ')}.tar.gz"
    names = bundles.write_bundle(path, chain(bundles.asked(nodes_of(session)), bundles.of_home(home) if home else ()))
    session.emit({"file": path, "entries": len(names)})
