"""C{nacosctl auth}."""

from __future__ import annotations

import click

from nacos_tw.ctl.session import Group, Session, pass_session


@click.group(cls=Group)
def auth() -> None:
    """Who am I, and are logins asked for."""


@auth.command("status")
@pass_session
def auth_status(session: Session) -> None:
    """Whether the server asks for logins, and as whom this call comes; the exit status is 4 if the login is refused."""
    state = session.server.state
    if session.target.username and session.client.login is None:
        session.client.call("GET", "/v1/ns/operator/metrics")  # nothing: it logs in
    login = session.client.login or {}
    session.emit(
        {
            "addr": str(session.client.addresses[0]),
            "api": session.server.api,
            "version": state.get("version", ""),
            "logins": {"true": True, "false": False}.get(str(state.get("auth_enabled")).lower(), "unknown"),
            "system": state.get("auth_system_type") or "",
            "user": login.get("username") or ("by token" if session.target.token else "nobody"),
            "administrator": bool(login.get("globalAdmin")),
            "tokenSeconds": login.get("tokenTtl"),
        }
    )  # fmt: skip
