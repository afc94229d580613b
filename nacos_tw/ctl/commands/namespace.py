"""C{nacosctl namespace}."""

from __future__ import annotations

import click

from nacos_tw.ctl.admin_api import AdminApi
from nacos_tw.ctl.session import Group, Session, confirmed, pass_session


@click.group(cls=Group)
def namespace() -> None:
    """Namespaces."""


@namespace.command("list")
@pass_session
def list_namespaces(session: Session) -> None:
    """All namespaces, the public one first."""
    session.emit(AdminApi(session.server).namespaces(), ("id", "name", "description", "configs"))


@namespace.command("get")
@click.argument("id")
@pass_session
def get_namespace(session: Session, id: str) -> None:
    """One namespace."""
    session.emit(AdminApi(session.server).namespace(id))


@namespace.command()
@click.argument("id")
@click.option("--name", help="Its name; the id by default.")
@click.option("--desc", default="", help="A description.")
@pass_session
def create(session: Session, id: str, name: str | None, desc: str) -> None:
    """Create a namespace."""
    AdminApi(session.server).create_namespace(id, name or id, desc)
    session.say(f"created namespace {id}")


@namespace.command()
@click.argument("id")
@click.option("--name", help="Its new name.")
@click.option("--desc", help="Its new description.")
@pass_session
def update(session: Session, id: str, name: str | None, desc: str | None) -> None:
    """Rename a namespace, or describe it anew."""
    api = AdminApi(session.server)
    before = api.namespace(id)
    api.update_namespace(id, name or before["name"], before["description"] if desc is None else desc)
    session.say(f"changed namespace {id}")


@namespace.command("rm")
@click.argument("id")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@pass_session
def remove_namespace(session: Session, id: str, yes: bool) -> None:
    """Remove a namespace, but nothing that is in it."""
    confirmed(yes, f"Remove namespace {id}?")
    AdminApi(session.server).remove_namespace(id)
    session.say(f"removed namespace {id}")
