"""C{nacosctl config}."""

from __future__ import annotations

import io
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import click

from nacos_tw.ctl.configs_api import Key
from nacos_tw.ctl.failures import Busy, Differs, Failure, NotFound, Unsupported
from nacos_tw.ctl.output import write
from nacos_tw.ctl.session import Group, Session, interruptible, pass_session

GROUP = click.option("--group", "-g", default="DEFAULT_GROUP", show_default=True, help="The config's group.")
KEPT = ("type", "desc", "configTags", "appName", "use", "effect", "schema")
"""What a config keeps that is not named when it is published anew."""
LISTED = ("group", "dataId", "type", "md5", "modified")
POLL = 2.0
"""Seconds between two looks where the server has no long poll."""
LONG = 30.0
"""Seconds of a long poll."""


def named(command: Callable[..., Any]) -> Callable[..., Any]:
    """With DATA_ID and --group."""
    return click.argument("data_id")(GROUP(command))


def content_of(file: str | None, content: str | None) -> str:
    """What is to be published: a text, a file, or - for what comes in; with the ends of its lines as they are."""
    if content is not None:
        return content
    with click.open_file(file or "-", "rb") as source:
        try:
            return bytes(source.read()).decode("utf-8")
        except UnicodeDecodeError:
            raise Failure(f"{file or 'the standard input'}: is no text in UTF-8") from None


@click.group(cls=Group)
def config() -> None:
    """Read, publish, watch and compare configs."""


@config.command("get")
@named
@pass_session
def get_config(session: Session, data_id: str, group: str) -> None:
    """Print a config's content; with -o json or yaml all that is stored of it."""
    found = session.configs.get(session.configs.key(data_id, group))
    if session.target.output == "table":
        write(found.get("content", ""))
    else:
        session.emit(found)


@config.command()
@click.argument("data_id")
@click.argument("file", required=False)
@GROUP
@click.option("--content", help="The content, instead of a file or what comes in.")
@click.option("--type", "kind", help="The format: text, json, yaml, properties, xml, html, toml.")
@click.option("--desc", help="A description.")
@click.option("--tags", help="Labels, with commas between them.")
@click.option("--app", help="The application.")
@click.option("--cas", metavar="MD5", help="Only if the content is still the one with this md5.")
@pass_session
def put(session: Session, data_id: str, file: str | None, group: str, **options: Any) -> None:
    """Publish the content of FILE, or of the standard input. What is not said keeps as it is."""
    api, kept = session.configs, {}
    key = api.key(data_id, group)
    content = content_of(file, options["content"])
    try:
        before = api.get(key)
        kept = {name: before[name] for name in (*KEPT, "encryptedDataKey") if before.get(name)}
    except NotFound:
        if options["cas"]:  # Nacos publishes it then
            raise Busy(
                f"{key}: there is no such config, so its content is not the one with the md5 {options['cas']}"
            ) from None
    given = {"type": options["kind"], "desc": options["desc"], "configTags": options["tags"], "appName": options["app"]}
    more = {**kept, **{name: value for name, value in given.items() if value is not None}}
    api.put(key, content, more, {"casMd5": options["cas"]} if options["cas"] else {})
    session.say(f"published {key}")


@config.command("rm")
@click.argument("data_ids", metavar="DATA_ID...", nargs=-1, required=True)
@GROUP
@pass_session
def remove_config(session: Session, data_ids: tuple[str, ...], group: str) -> None:
    """Remove configs; one that is not there is fine."""
    for data_id in data_ids:
        key = session.configs.key(data_id, group)
        session.configs.remove(key)
        session.say(f"removed {key}")


@config.command("list")
@click.option("--group", "-g", default="", help="Only of this group.")
@click.option("--app", help="Only of this application.")
@click.option("--tags", help="Only with one of these labels.")
@click.option("--type", "kind", help="Only of these formats.")
@pass_session
def list_configs(session: Session, group: str, app: str | None, tags: str | None, kind: str | None) -> None:
    """The configs of a namespace."""
    found = session.configs.search(group=group, appName=app, configTags=tags, type=kind)
    session.emit([_line(row) for row in found], LISTED)


@config.command()
@click.argument("pattern")
@click.option("--group", "-g", default="", help="Only of groups like this.")
@click.option("--content", "in_content", is_flag=True, help="PATTERN is a part of the content, not of the dataId.")
@pass_session
def search(session: Session, pattern: str, group: str, in_content: bool) -> None:
    """Configs whose dataId is like PATTERN; * stands for any text, and a plain word for any with it."""
    if in_content:
        found = session.configs.search(group=group, content=pattern)
    else:
        found = session.configs.search(pattern if "*" in pattern else f"*{pattern}*", group)
    session.emit([_line(row) for row in found], LISTED)


def _line(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "content"}


@config.command("watch")
@named
@click.option("--once", is_flag=True, help="End after the first change.")
@click.option("--exec", "command", help="A command of the shell for each content, which it gets as its input.")
@pass_session
def watch_config(session: Session, data_id: str, group: str, once: bool, command: str | None) -> None:
    """Show a config, and again whenever it changes, until Ctrl-C."""
    api = session.configs
    key = api.key(data_id, group)
    with interruptible():
        md5 = _shown(session, key, command)
        while True:
            _changed(session, key, md5)
            found = _shown(session, key, command, md5)
            if found != md5 and once:
                return
            md5 = found


def _changed(session: Session, key: Key, md5: str) -> None:
    """Wait for a while, or until it has changed."""
    try:
        session.configs.wait(key, md5, LONG)
    except Unsupported:
        time.sleep(POLL)


def _shown(session: Session, key: Key, command: str | None, before: str | None = None) -> str:
    """Show what it is, if that is another than before. @return: its md5; "" if there is none."""
    try:
        found = session.configs.get(key)
    except NotFound:
        found = {"content": "", "md5": ""}
    md5 = str(found["md5"])
    if md5 == before:
        return md5
    if command:
        subprocess.run(command, shell=True, input=str(found["content"]).encode(), check=False)
    elif session.target.output != "table":
        session.emit({**found, "dataId": key.data_id, "group": key.group})
    else:
        click.echo(f"--- {key} {'md5 ' + md5 if md5 else 'is not there'}")
        write(str(found["content"]) + ("\n" if md5 else ""))
    sys.stdout.flush()
    return md5


@config.command()
@named
@click.option("--nid", help="Compare with this row of its history.")
@click.option("--file", "-f", help="Compare with a file; - for what comes in.")
@click.option("--with-namespace", help="Compare with the config of the same name in another namespace.")
@click.option("--with-profile", help="Compare with the one of another cluster, by its profile.")
@pass_session
def diff(session: Session, data_id: str, group: str, **other: str | None) -> None:
    """Show what differs; the exit status is 6 if anything does. Without an option: from the last row of its history."""
    import difflib

    api = session.configs
    key = api.key(data_id, group)
    now = str(api.get(key).get("content", ""))
    label, then = _other(session, key, other)
    lines = difflib.unified_diff(_lines(then), _lines(now), label, str(key))
    shown = False
    for line in lines:
        shown = True
        write(line if line.endswith("\n") else line + "\n\\ No newline at end\n")
    if shown:
        raise Differs(f"{label} and {key} differ")


def _lines(text: str) -> list[str]:
    """Its lines, each with its end; nothing but a line feed ends one, as in diff."""
    return list(io.StringIO(text, newline="\n"))


def _other(session: Session, key: Key, other: dict[str, str | None]) -> tuple[str, str]:
    """What a config is compared with: its name, and its content."""
    api = session.configs
    if other["file"]:
        return other["file"], content_of(other["file"], None)
    if other["with_namespace"] is not None:
        there = api.key(key.data_id, key.group, other["with_namespace"])
        return str(there), str(api.get(there).get("content", ""))
    if other["with_profile"]:
        away = Session()
        away.take({"profile": other["with_profile"]})
        found = away.configs.get(away.configs.key(key.data_id, key.group))
        return f"{other['with_profile']}:{key}", str(found.get("content", ""))
    nid = other["nid"] or next((row["nid"] for row in api.history(key) if row["op"] == "U" and not row["copy"]), "")
    if not nid:
        return "nothing", ""
    return f"{key}@{nid}", str(api.past(key, nid).get("content", ""))


@config.command()
@named
@click.option("--nid", help="One row, with its content.")
@pass_session
def history(session: Session, data_id: str, group: str, nid: str | None) -> None:
    """What it was before, newest first: U and D hold what was there before, I what came."""
    key = session.configs.key(data_id, group)
    if nid is None:
        session.emit(list(session.configs.history(key)), ("nid", "op", "at", "user", "ip", "md5", "copy"))
        return
    row = session.configs.past(key, nid)
    if session.target.output == "table":
        write(str(row.get("content", "")))
    else:
        session.emit(row)


@config.command()
@named
@click.argument("nid")
@pass_session
def rollback(session: Session, data_id: str, group: str, nid: str) -> None:
    """Publish the content of a row of its history again."""
    api = session.configs
    key = api.key(data_id, group)
    row = api.past(key, nid)
    try:
        before = api.get(key)
    except NotFound:
        before = {}
    more = {name: before[name] for name in KEPT if before.get(name)}
    if row.get("encryptedDataKey"):  # the content is of no use without it
        more["encryptedDataKey"] = row["encryptedDataKey"]
    api.put(key, str(row.get("content", "")), more, {})
    session.say(f"{key} is what row {nid} holds")


@config.group(cls=Group)
def gray() -> None:
    """Copies of a config for some clients: by address (beta), by tag, by labels."""


@gray.command("list")
@named
@pass_session
def copies(session: Session, data_id: str, group: str) -> None:
    """All copies of a config."""
    found = session.configs.copies(session.configs.key(data_id, group))
    session.emit(found, ("name", "rule", "md5"))


@gray.command("get")
@named
@click.argument("name")
@pass_session
def copy(session: Session, data_id: str, group: str, name: str) -> None:
    """Print a copy's content: beta, tag_<tag>, or the name of one by labels."""
    key = session.configs.key(data_id, group)
    for row in session.configs.copies(key):
        if row["name"] == name:
            if session.target.output == "table":
                write(str(row["content"]))
            else:
                session.emit(row)
            return
    raise NotFound(f"{key} has no copy {name}")


@gray.command("put")
@named
@click.argument("file", required=False)
@click.option("--content", help="The content, instead of a file or what comes in.")
@click.option("--beta-ips", help="For the clients at these addresses.")
@click.option("--tag", help="For clients with this tag.")
@click.option("--name", help="The name of a copy by labels.")
@click.option("--rule", help="For whom that is: region=hz,sh && zone=a")
@click.option("--priority", default=0, help="Of several copies for a client that of the highest one counts.")
@pass_session
def put_copy(session: Session, data_id: str, group: str, file: str | None, **options: Any) -> None:
    """Publish a copy: with --beta-ips, --tag, or --name and --rule."""
    api = session.configs
    key, beta, tag, rule = api.key(data_id, group), options["beta_ips"], options["tag"], options["rule"]
    if sum(map(bool, (beta, tag, rule))) != 1 or bool(rule) != bool(options["name"]):
        raise click.UsageError("expected one of --beta-ips, --tag, and --name with --rule")
    content = content_of(file, options["content"])
    if rule:
        api.put_copy(key, options["name"], content, rule, options["priority"])
    else:
        api.put(key, content, {"tag": tag} if tag else {}, {"betaIps": beta} if beta else {})
    session.say(f"published a copy of {key}")


@gray.command("rm")
@named
@click.argument("name")
@pass_session
def remove_copy(session: Session, data_id: str, group: str, name: str) -> None:
    """Remove a copy by its name; one that is not there is fine."""
    session.configs.remove_copy(session.configs.key(data_id, group), name)
    session.say(f"removed the copy {name}")
