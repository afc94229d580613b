"""C{nacosctl snapshot}: backups."""

from __future__ import annotations

import os
import re
import time
from datetime import datetime, timezone

import click

from nacos_tw.ctl import backups
from nacos_tw.ctl.failures import Failure
from nacos_tw.ctl.session import Group, Session, interruptible, pass_session

EMBEDDED = "embedded"
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def span(value: str) -> float:
    """Seconds of 90s, 15m, 6h, 1d."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", value)
    if match is None:
        raise click.BadParameter(f"{value}: expected 90s, 15m, 6h or 1d")
    return float(match[1]) * UNITS[match[2] or "s"]


@click.group(cls=Group)
def snapshot() -> None:
    """Backups: the whole state of the cluster, backup while it serves."""


@snapshot.command("save")
@click.argument("file", default="")
@pass_session
def save_snapshot(session: Session, file: str) -> None:
    """Save the state to FILE: registry, configs with history, namespaces, accounts, the key of tokens."""
    backup = backups.save(session.server, file or _name("nacos"))
    _told(session, backup)


def _name(prefix: str) -> str:
    return f"{prefix}-{datetime.now(timezone.utc).strftime('%Y%m%dT%H%M%S%fZ')}.snap"


def _told(session: Session, backup: backups.BackupFile) -> None:
    session.emit(
        {
            "file": backup.path, "index": backup.index, "term": backup.term, "bytes": backup.bytes, "node": backup.node,
            "sha256": backup.sha256,
        }
    )  # fmt: skip
    if backup.storage != EMBEDDED:
        click.echo("Configs, namespaces and accounts are in the database: save that by its own means.", err=True)


@snapshot.command("status")
@click.argument("file")
@pass_session
def snapshot_status(session: Session, file: str) -> None:
    """What a backup holds; every checksum in it is looked at."""
    session.emit(backups.status(file))


@snapshot.command()
@click.argument("file")
@click.option("--home", required=True, help="The home of the new node, with conf/: its settings say who it is.")
@click.option("--mode", type=click.Choice(["cluster", "standalone"]), help="As the node will be started.")
@pass_session
def restore(session: Session, file: str, home: str, mode: str | None) -> None:
    """Make the data folder of a new node out of a backup. The node must not run and must have no data; do the same on
    every member of its cluster.conf, then start them."""
    from nacos_tw.ctl import restoring

    settings = restoring.settings_of(home, mode or "")
    name, voters = restoring.restore(file, settings)
    session.emit({"node": name, "members": list(voters), "data": settings.data})
    if settings.storage != EMBEDDED:
        click.echo("Configs, namespaces and accounts are in the database: restore that by its own means.", err=True)


@snapshot.command()
@click.argument("folder")
@click.option("--every", type=span, default="1h", show_default=True, help="Between two backups: 90s, 15m, 6h, 1d.")
@click.option("--keep", type=click.IntRange(1), default=24, show_default=True, help="So many are kept.")
@click.option("--prefix", default="nacos", show_default=True, help="How their names begin.")
@click.option("--once", is_flag=True, help="One now, for a timer of the system.")
@pass_session
def agent(session: Session, folder: str, every: float, keep: int, prefix: str, once: bool) -> None:
    """Save a backup into FOLDER now and again, and keep the newest. One that fails is told and tried again at the next
    time; with --once the exit status says it."""
    os.makedirs(folder, exist_ok=True)
    with interruptible():
        while True:
            began = time.monotonic()
            try:
                backup = backups.save(session.server, os.path.join(folder, _name(prefix)))
            except Failure as error:
                if once:
                    raise
                click.echo(f"Error: {error.message}", err=True)
            else:
                gone = backups.prune(backups.names_of(folder, prefix), keep)
                session.say(f"{backup.path}: entry {backup.index}, {backup.bytes} bytes; removed {len(gone)}")
            if once:
                return
            time.sleep(max(0.0, every - (time.monotonic() - began)))
