"""
Where to go and as whom: options, then C{NACOS_*} of the environment, then a profile of the settings file.

C{~/.config/nacosctl/config.yaml} (or what C{NACOSCTL_CONFIG} names)::

    current: prod
    profiles:
      prod:
        addr: https://a:8848,https://b:8848
        username: ops
        password-file: ~/.nacos-password
        namespace: shop
        ca: /etc/ssl/nacos-ca.pem
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import attrs

from nacos_tw.ctl.failures import Failure

DEFAULT_ADDR = "127.0.0.1:8848"
KEYS = ("addr", "username", "password", "password-file", "token", "namespace", "context", "ca", "cert", "key",
        "insecure", "api", "timeout", "output")  # fmt: skip
"""What a profile may say."""


@attrs.frozen
class Target:
    """
    Where to go and as whom.

    @ivar addr: addresses with commas between them, C{host:port} or C{https://host:port/context}.
    @ivar token: an access token that is there already.
    @ivar ca: a file of certificates that the server's must be signed by; C{cert}, C{key}: this client's own.
    @ivar insecure: the server's certificate is not checked.
    @ivar api: C{v1}, C{v2} or C{v3}; "": what the server offers.
    @ivar timeout: seconds for an answer.
    """

    addr: str = DEFAULT_ADDR
    username: str = ""
    password: str = attrs.field(default="", repr=False)
    token: str = attrs.field(default="", repr=False)
    namespace: str = ""
    context: str = "/nacos"
    ca: str = ""
    cert: str = ""
    key: str = ""
    insecure: bool = False
    api: str = ""
    timeout: float = 10.0
    output: str = "table"


def settings_file(environ: Mapping[str, str]) -> str:
    """The path of the settings file."""
    named = environ.get("NACOSCTL_CONFIG")
    if named:
        return os.path.expanduser(named)
    base = environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")
    return os.path.join(base, "nacosctl", "config.yaml")


def read_settings(path: str) -> dict[str, Any]:
    """
    What the settings file says; empty if there is none.

    @raise Failure: it cannot be read.
    """
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise Failure(f"{path}: {error.strerror}") from None
    import yaml

    try:
        found = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise Failure(f"{path} is no YAML: {error}") from None
    if not isinstance(found, dict) or not isinstance(found.get("profiles") or {}, dict):
        raise Failure(f"{path}: expected 'current' and 'profiles' with names below")
    return found


def write_settings(path: str, settings: Mapping[str, Any]) -> None:
    """Replace the settings file, readable by its owner alone: it may hold a password."""
    import yaml

    os.makedirs(os.path.dirname(path), exist_ok=True)
    beside = f"{path}.new"
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        yaml.safe_dump(dict(settings), file, sort_keys=False)
    os.replace(beside, path)


def chosen(settings: Mapping[str, Any], name: str, path: str) -> dict[str, Any]:
    """
    The profile of that name, or the current one.

    @raise Failure: there is none of that name, or it says what no profile says.
    """
    profiles = settings.get("profiles") or {}
    name = name or str(settings.get("current") or "")
    if not name:
        return {}
    if name not in profiles:
        raise Failure(f"{path} has no profile {name}")
    profile = dict(profiles[name] or {})
    unknown = sorted(set(profile) - set(KEYS))
    if unknown:
        raise Failure(f"{path}: profile {name} says {', '.join(unknown)}; known are {', '.join(KEYS)}")
    return profile


def target_of(options: Mapping[str, Any], environ: Mapping[str, str], profile: str = "") -> Target:
    """
    Where to go and as whom.

    @param options: of the command line by the names of L{Target}; None: not given.
    """
    path = settings_file(environ)
    named = profile or environ.get("NACOSCTL_PROFILE", "")
    said = chosen(read_settings(path), named, path)
    found: dict[str, Any] = {}
    for field in attrs.fields(Target):
        value = options.get(field.name)
        if value is None:
            value = environ.get(f"NACOS_{field.name.upper()}") or said.get(field.name)
        if value is not None:
            found[field.name] = _typed(field.name, value)
    if "password" not in found and said.get("password-file"):
        found["password"] = _first_line(os.path.expanduser(str(said["password-file"])))
    return Target(**found)


def _typed(name: str, value: Any) -> Any:
    if name == "insecure":
        return value is True or str(value).lower() in ("1", "true", "yes")
    if name == "timeout":
        try:
            return float(value)
        except ValueError:
            raise Failure(f"timeout: expected seconds, found {value}") from None
    return str(value)


def _first_line(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.readline().rstrip("\r\n")
    except OSError as error:
        raise Failure(f"{path}: {error.strerror}") from None
