"""C{nacosctl export}, C{import} and C{migrate}."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import attrs
import click

from nacos_tw.ctl.failures import Differs, Failure
from nacos_tw.ctl.moving.importing import FAILED, SAME, Importer, Line
from nacos_tw.ctl.moving.things import Source
from nacos_tw.ctl.session import Group, Session, Verb, pass_session

NAMESPACES = click.option("--only", multiple=True, metavar="NAMESPACE", help="Only this namespace; may be repeated.")
HISTORY = click.option("--history", is_flag=True, help="Configs with their earlier contents.")


def writing(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of what writes into a server."""
    for option in (
        click.option("--policy", type=click.Choice(["skip", "overwrite", "abort"]), default="skip", show_default=True,
                     help="What becomes of things that are there already and differ."),
        click.option("--dry-run", is_flag=True, help="Only tell what would be done."),
        click.option("--into", default="", metavar="NAMESPACE", help="Everything goes into this namespace."),
        click.option("--no-accounts", is_flag=True, help="Without users, roles and permissions."),
        click.option("--passwords", metavar="FILE", help="Where the new passwords of users that are made are written."),
    ):  # fmt: skip
        command = option(command)
    return command


@contextmanager
def progress(title: str) -> Iterator[Callable[[object], None]]:
    """Shows what is being done, on a terminal."""
    if not sys.stderr.isatty():
        yield lambda thing: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = SpinnerColumn(), TextColumn("{task.description} {task.completed:.0f} {task.fields[thing]}")
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(title, total=None, thing="")
        yield lambda thing: shown.update(task, advance=1, thing=str(getattr(thing, "thing", thing))[:60])


@click.command("export", cls=Verb)
@click.argument("folder")
@NAMESPACES
@HISTORY
@pass_session
def export(session: Session, folder: str, only: tuple[str, ...], history: bool) -> None:
    """Write all that users own into FOLDER: namespaces, configs with labels and copies, services with settings or
    persistent instances, accounts without passwords. Run again it goes on where it was cut off."""
    from nacos_tw.ctl.moving import bundle
    from nacos_tw.ctl.moving.server import ServerSource

    source = ServerSource(session.server, only, history)
    with progress("exporting") as tell:
        counts = bundle.export(source, folder, tell)
    session.emit({"folder": folder, **counts})
    for text in source.missing:
        click.echo(f"left out: {text}", err=True)


@click.command("import", cls=Verb)
@click.argument("folder")
@NAMESPACES
@writing
@pass_session
def import_(session: Session, folder: str, only: tuple[str, ...], **options: Any) -> None:
    """Bring the export in FOLDER into the server. What is the same there is left alone, so it may be run again."""
    from nacos_tw.ctl.moving.bundle import BundleSource

    _move(session, BundleSource(folder, only), **options)


@click.group(cls=Group)
def migrate() -> None:
    """Bring things into the server (--addr) from elsewhere. Each may be run again, until you switch over."""


@migrate.command()
@click.argument("source")
@click.option("--from-username", default="", help="The login there.")
@click.option("--from-password", default="", envvar="NACOSCTL_FROM_PASSWORD", help="Its password.")
@click.option("--from-api", type=click.Choice(["v1", "v2", "v3"]), help="The API there, instead of the newest.")
@NAMESPACES
@HISTORY
@writing
@pass_session
def nacos(session: Session, source: str, only: tuple[str, ...], history: bool, **options: Any) -> None:
    """From a running Nacos of 1.x, 2.x or 3.x at the address SOURCE, by its HTTP API."""
    from nacos_tw.ctl.client import Client
    from nacos_tw.ctl.moving.server import ServerSource
    from nacos_tw.ctl.server import Server

    there = attrs.evolve(
        session.target, addr=source, username=options.pop("from_username"), password=options.pop("from_password"),
        api=options.pop("from_api") or "", token="",
    )  # fmt: skip
    _move(session, ServerSource(Server(Client(there)), only, history), **options)


@migrate.command()
@click.argument("file")
@writing
@pass_session
def consul(session: Session, file: str, **options: Any) -> None:
    """From the file of consul kv export: a/b/c becomes the config c of group a.b."""
    from nacos_tw.ctl.moving.consul import ConsulSource

    into = options["into"] or session.target.namespace or "public"
    _move(session, ConsulSource(file, into), **{**options, "into": into})


@migrate.command()
@click.argument("url")
@click.option("--db-user", default="", help="The user of the database; else that of the URL.")
@click.option("--db-password", default="", envvar="NACOSCTL_DB_PASSWORD", help="Its password.")
@click.option(
    "--public",
    type=click.Choice(["public", "empty"]),
    default="public",
    show_default=True,
    help="What the public namespace is called in tenant_id: public by Nacos 3, empty by this server and Nacos "
    "up to 2.x.",
)
@click.option("--newest", is_flag=True, help="Of configs that are there under both names and differ the later stays.")
@click.option("--dry-run", is_flag=True, help="Only tell what would be done.")
@click.option("--force", is_flag=True, help="Although somebody is connected, or a namespace has the id public.")
@pass_session
def schema(
    session: Session, url: str, db_user: str, db_password: str, public: str, newest: bool, dry_run: bool, force: bool
) -> None:
    """Bring the MySQL database at URL (as db.url.0 has it) up to date where it is, as Nacos 3.3 no longer does:
    columns and tables of newer versions, beta and tag copies into config_info_gray, the public namespace's name.

    Stop all servers and save the database first. It may be run again; the exit status is 6 if configs are there under
    both names and differ.
    """
    from nacos_tw.ctl.moving.schema import Schema

    database = Schema(url, db_user, db_password)
    try:
        steps = database.run(public, dry=dry_run, newest=newest, force=force)
    finally:
        database.close()
    if session.target.output == "table":
        if steps:
            session.emit([attrs.asdict(step) for step in steps], ("what", "where", "rows", "detail"))
        else:
            session.say("nothing is left to do")
    else:
        session.emit({"dryRun": dry_run, "steps": [attrs.asdict(step) for step in steps]})
    conflicts = sum(step.rows for step in steps if step.what == "conflict")
    if conflicts:
        raise Differs(f"{conflicts} rows are there under both names and differ: they stay as they are; see --newest")


def _move(
    session: Session, source: Any, policy: str, dry_run: bool, into: str, no_accounts: bool, passwords: str | None
) -> None:
    moved: Source = source
    with progress("importing") as tell:
        importer = Importer(session.server, policy, dry_run, tell)
        counts = importer.run(moved, into, not no_accounts)
    shown = [line for line in importer.lines if line.result != SAME or session.target.output != "table"]
    _report(session, shown, dict(counts), dry_run)
    for text in source.missing:
        click.echo(f"left out: {text}", err=True)
    if importer.passwords:
        _tell_passwords(importer.passwords, passwords)
    if counts[FAILED]:
        raise Failure(f"{counts[FAILED]} of {len(importer.lines)} failed; run it again when the cause is gone")


def _report(session: Session, lines: list[Line], counts: dict[str, int], dry: bool) -> None:
    if session.target.output == "table":
        if lines:
            session.emit([attrs.asdict(line) for line in lines], ("result", "thing", "detail"))
        told = ", ".join(f"{number} {name}" for name, number in sorted(counts.items())) or "nothing"
        click.echo(f"{'Would be: ' if dry else ''}{told}")
    else:
        session.emit({"dryRun": dry, "counts": counts, "things": [attrs.asdict(line) for line in lines]})


def _tell_passwords(found: dict[str, str], path: str | None) -> None:
    """Passwords cannot be read out of any server: users that were made have new ones."""
    import os

    if path is None:
        click.echo(
            f"{len(found)} users were made with passwords that nobody knows: set them by nacosctl user password; "
            "with --passwords FILE they would have been written there",
            err=True,
        )
        return
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8") as file:
        file.writelines(f"{name}\t{password}\n" for name, password in sorted(found.items()))
    click.echo(f"The new passwords of {len(found)} users are in {path}", err=True)
