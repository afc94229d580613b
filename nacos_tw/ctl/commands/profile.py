"""C{nacosctl profile}."""

from __future__ import annotations

import os

import click

from nacos_tw.ctl.failures import NotFound
from nacos_tw.ctl.profiles import KEYS, read_settings, settings_file, write_settings
from nacos_tw.ctl.session import Group, Session, pass_session

SECRET = frozenset({"password", "token"})


@click.group(cls=Group)
def profile() -> None:
    """Profiles: where to go and as whom."""


@profile.command("list")
@pass_session
def list_profiles(session: Session) -> None:
    """All profiles; secrets are not shown."""
    settings = read_settings(settings_file(os.environ))
    current = settings.get("current")
    rows = [
        {"name": name, "current": name == current, "addr": said.get("addr", ""), "username": said.get("username", ""),
         "namespace": said.get("namespace", "")}
        for name, said in (settings.get("profiles") or {}).items()
    ]  # fmt: skip
    session.emit(rows, ("name", "current", "addr", "username", "namespace"))


@profile.command("set")
@click.argument("name")
@click.argument("settings", nargs=-1)
@pass_session
def set_profile(session: Session, name: str, settings: tuple[str, ...]) -> None:
    """Set values of a profile, as in addr=host:8848 username=ops; an empty value takes one out."""
    path = settings_file(os.environ)
    found = read_settings(path)
    profiles = found.setdefault("profiles", {})
    said = dict(profiles.get(name) or {})
    for each in settings:
        key, sign, value = each.partition("=")
        if not sign or key not in KEYS:
            raise click.UsageError(f"{each}: expected key=value, with one of {', '.join(KEYS)}")
        said[key] = value
    profiles[name] = {key: value for key, value in said.items() if value != ""}
    found.setdefault("current", name)
    write_settings(path, found)
    session.say(f"profile {name} is in {path}")


@profile.command("use")
@click.argument("name")
@pass_session
def use(session: Session, name: str) -> None:
    """Make a profile the one that is used by default."""
    path = settings_file(os.environ)
    found = read_settings(path)
    if name not in (found.get("profiles") or {}):
        raise NotFound(f"{path} has no profile {name}")
    write_settings(path, {**found, "current": name})


@profile.command("rm")
@click.argument("name")
@pass_session
def remove_profile(session: Session, name: str) -> None:
    """Remove a profile."""
    path = settings_file(os.environ)
    found = read_settings(path)
    if (found.get("profiles") or {}).pop(name, None) is None:
        raise NotFound(f"{path} has no profile {name}")
    if found.get("current") == name:
        del found["current"]
    write_settings(path, found)
