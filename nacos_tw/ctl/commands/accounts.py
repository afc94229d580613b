"""C{nacosctl user}, C{role} and C{permission}."""

from __future__ import annotations

import sys

import click

from nacos_tw.ctl.admin_api import AdminApi
from nacos_tw.ctl.session import Group, Session, confirmed, pass_session


def _asked(context: click.Context, option: click.Parameter, given: str | None) -> str:
    """The new password: as given, or as typed twice."""
    if given:
        return given
    if not sys.stdin.isatty():
        raise click.UsageError("no terminal to ask for the password at: set NACOSCTL_NEW_PASSWORD")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))


NEW_PASSWORD = click.option("--new-password", envvar="NACOSCTL_NEW_PASSWORD", callback=_asked,
                            help="The password; asked for, if missing.")  # fmt: skip
ACTION = click.argument("action", type=click.Choice(["r", "w", "rw"]))


@click.group(cls=Group)
def user() -> None:
    """Users."""


@user.command("list")
@pass_session
def users(session: Session) -> None:
    """All users; hashes of passwords are not shown."""
    found = sorted(each["username"] for each in AdminApi(session.server).accounts("user"))
    session.emit([{"username": name} for name in found], ("username",))


@user.command("create")
@click.argument("name")
@NEW_PASSWORD
@pass_session
def create_user(session: Session, name: str, new_password: str) -> None:
    """Create a user."""
    AdminApi(session.server).create_user(name, new_password)
    session.say(f"created user {name}")


@user.command("password")
@click.argument("name")
@NEW_PASSWORD
@pass_session
def password(session: Session, name: str, new_password: str) -> None:
    """Change a user's password."""
    AdminApi(session.server).change("PUT", "user", {"username": name, "newPassword": new_password})
    session.say(f"changed the password of {name}")


@user.command("rm")
@click.argument("name")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@pass_session
def remove_user(session: Session, name: str, yes: bool) -> None:
    """Delete a user, but no administrator."""
    confirmed(yes, f"Delete user {name}?")
    AdminApi(session.server).remove_user(name)
    session.say(f"deleted user {name}")


@click.group(cls=Group)
def role() -> None:
    """Roles: who has which."""


@role.command("list")
@click.option("--user", "username", help="Only of this user.")
@pass_session
def roles(session: Session, username: str | None) -> None:
    """Who has which role."""
    found = [
        {"role": each["role"], "username": each["username"]} for each in AdminApi(session.server).accounts("role")
        if username in (None, each["username"])
    ]  # fmt: skip
    session.emit(found, ("role", "username"))


@role.command("grant")
@click.argument("name", metavar="ROLE")
@click.argument("username", metavar="USER")
@pass_session
def grant_role(session: Session, name: str, username: str) -> None:
    """Give ROLE to USER."""
    AdminApi(session.server).change("POST", "role", {"role": name, "username": username})
    session.say(f"{username} has role {name}")


@role.command("revoke")
@click.argument("name", metavar="ROLE")
@click.argument("username", metavar="USER", required=False)
@pass_session
def revoke_role(session: Session, name: str, username: str | None) -> None:
    """Take ROLE from USER, or from everybody."""
    AdminApi(session.server).change("DELETE", "role", {"role": name, "username": username})
    session.say(f"{username or 'nobody'} has {'no' if username else ''} role {name}".replace("  ", " "))


@click.group(cls=Group)
def permission() -> None:
    """Permissions of roles."""


@permission.command("list")
@click.option("--role", "name", help="Only of this role.")
@pass_session
def permissions(session: Session, name: str | None) -> None:
    """What each role may do."""
    found = [
        {"role": each["role"], "resource": each["resource"], "action": each["action"]}
        for each in AdminApi(session.server).accounts("permission") if name in (None, each["role"])
    ]  # fmt: skip
    session.emit(found, ("role", "resource", "action"))


@permission.command("grant")
@click.argument("name", metavar="ROLE")
@click.argument("resource")
@ACTION
@pass_session
def grant(session: Session, name: str, resource: str, action: str) -> None:
    """Let ROLE read (r) or write (w) RESOURCE: <namespace>:<group>:config/<dataId>; * stands for any text."""
    form = {"role": name, "resource": resource, "action": action}
    AdminApi(session.server).change("POST", "permission", form)
    session.say(f"role {name} may {action} {resource}")


@permission.command("revoke")
@click.argument("name", metavar="ROLE")
@click.argument("resource")
@ACTION
@pass_session
def revoke(session: Session, name: str, resource: str, action: str) -> None:
    """Take it back."""
    params = {"role": name, "resource": resource, "action": action}
    AdminApi(session.server).change("DELETE", "permission", params)
    session.say(f"role {name} may not {action} {resource} any more")
