"""
Into a server. What is there already and the same is left alone, so a run that was cut off is simply run again, and so
is one that had errors.
"""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from nacos_tw.ctl.admin_api import AdminApi
from nacos_tw.ctl.configs_api import Key, configs_api
from nacos_tw.ctl.failures import Failure, NotFound, Unsupported
from nacos_tw.ctl.moving.things import DESCRIBED, Accounts, Config, Namespace, Service, Source
from nacos_tw.ctl.naming_api import ServiceName, as_instance, naming_api
from nacos_tw.ctl.server import Server

SKIP, OVERWRITE, ABORT = "skip", "overwrite", "abort"
CREATED, SAME, REPLACED, SKIPPED, FAILED = "created", "same", "replaced", "skipped", "failed"


@attrs.frozen
class Line:
    """What became of a thing, and why."""

    thing: str
    result: str
    detail: str = ""


class Aborted(Failure):
    """It differs from what is there, and nothing was to be changed."""


class Importer:
    """
    @ivar lines: what became of each thing.
    @ivar passwords: of users that were made: the old ones cannot be read.
    """

    def __init__(
        self, server: Server, policy: str, dry: bool, tell: Callable[[Line], object] = lambda line: None
    ) -> None:
        """
        @param policy: of things that are there and differ: C{skip}, C{overwrite}, C{abort}.
        @param dry: nothing is changed.
        """
        self.lines: list[Line] = []
        self.passwords: dict[str, str] = {}
        self._server = server
        self._policy = policy
        self._dry = dry
        self._tell = tell
        self._admin = AdminApi(server)

    def run(self, source: Source, into: str = "", accounts: bool = True) -> Counter[str]:
        """
        Move everything.

        @param into: a namespace that all goes into, instead of its own.
        @return: how many things ended how.
        @raise Aborted: by the policy.
        """
        for namespace in source.namespaces():
            target = into or namespace.id
            self._do(f"namespace {target}", lambda: self._namespace(namespace, target))  # noqa: B023
            for config in source.configs(namespace.id):
                moved = attrs.evolve(config, namespace=target)
                self._do(str(moved), lambda: self._config(moved))  # noqa: B023
            for service in source.services(namespace.id):
                there = attrs.evolve(service, namespace=target)
                self._do(str(there), lambda: self._service(there))  # noqa: B023
        if accounts:
            self._accounts(source.accounts())
        return Counter(line.result for line in self.lines)

    def _do(self, thing: str, does: Callable[[], str]) -> None:
        try:
            line = Line(thing, does())
        except Aborted:
            raise
        except Failure as error:
            line = Line(thing, FAILED, error.message)
        self.lines.append(line)
        self._tell(line)

    def _differs(self, thing: str) -> bool:
        """Whether what is there is to be replaced."""
        if self._policy == ABORT:
            raise Aborted(f"{thing} is there already and differs; nothing of it was changed")
        return self._policy == OVERWRITE

    # -- each kind

    def _namespace(self, namespace: Namespace, id: str) -> str:
        try:
            self._admin.namespace(id)
        except NotFound:
            if not self._dry:
                # One that takes in what was another's, the public namespace's say, does not take that one's name.
                own = id == namespace.id and bool(namespace.name)
                self._admin.create_namespace(id, namespace.name if own else id, namespace.description if own else "")
            return CREATED
        return SAME

    def _config(self, config: Config) -> str:
        api = configs_api(self._server, config.namespace)
        key = api.key(config.data_id, config.group)
        try:
            there: Mapping[str, Any] | None = api.get(key)
        except NotFound:
            there = None
        copies = {} if there is None else {copy["name"]: copy for copy in api.copies(key)}
        if there is not None:
            if self._same(config, there, copies):
                return SAME
            if not self._differs(str(config)):
                return SKIPPED
        if not self._dry:
            if there is None:
                for content in config.past:
                    api.put(key, content, config.more, {})
            if there is None or there.get("content") != config.content or not self._described(config, there):
                api.put(key, config.content, config.more, {})
            for copy in config.copies:
                if not _same_copy(copy, copies.get(copy["name"])):
                    self._copy(key, copy)
        return CREATED if there is None else REPLACED

    def _copy(self, key: Key, copy: dict[str, str]) -> None:
        api = configs_api(self._server, key.namespace)
        kind, expression, priority = rule_of(copy["rule"])
        if copy["name"] == "beta" or kind == "beta":
            api.put(key, copy["content"], {}, {"betaIps": expression})
        elif kind == "tag" or copy["name"].startswith("tag_"):
            api.put(key, copy["content"], {"tag": expression or copy["name"][4:]}, {})
        else:
            api.put_copy(key, copy["name"], copy["content"], expression, priority)

    @staticmethod
    def _described(config: Config, there: Mapping[str, Any]) -> bool:
        """Whether all that describes it is the same; labels are a set."""
        for name in DESCRIBED:
            ours, theirs = config.more.get(name) or "", str(there.get(name) or "")
            if name == "configTags":
                ours, theirs = (",".join(sorted(each.split(","))) for each in (ours, theirs))
            if ours and ours != theirs:
                return False
        return True

    def _same(self, config: Config, there: Mapping[str, Any], copies: Mapping[str, Any]) -> bool:
        return (
            there.get("content") == config.content
            and self._described(config, there)
            and all(_same_copy(copy, copies.get(copy["name"])) for copy in config.copies)
        )

    def _service(self, service: Service) -> str:
        api = naming_api(self._server, service.namespace)
        name = ServiceName(service.name, service.group)
        settings = {
            "protectThreshold": service.threshold, "metadata": json.dumps(service.metadata),
            "selector": json.dumps(service.selector) if service.selector.get("type", "none") != "none" else None,
            "ephemeral": False,
        }  # fmt: skip
        try:
            there: Mapping[str, Any] | None = api.service(name)
            hosts = {_place(each): each for each in api.hosts(name)}
        except Failure as error:
            if not isinstance(error, NotFound) and "not found" not in error.message:
                raise
            there, hosts = None, {}
        missing = [each for each in service.instances if not _same_instance(each, hosts.get(_place(each)))]
        if there is not None:
            same = dict(there.get("metadata") or {}) == service.metadata
            same = same and float(there.get("protectThreshold") or 0) == service.threshold
            if same and not missing:
                return SAME
            if not self._differs(str(service)):
                return SKIPPED
            if not self._dry and not same:
                api.update(name, settings)
        elif not self._dry:
            api.create(name, settings)
        if not self._dry:
            for each in missing:
                api.register(name, as_instance(each))
        return CREATED if there is None else REPLACED

    # -- accounts

    def _accounts(self, wanted: Accounts) -> None:
        if not (wanted.users or wanted.roles or wanted.permissions):
            return
        try:
            users = {each["username"] for each in self._admin.accounts("user")}
            roles = {(each["role"], each["username"]) for each in self._admin.accounts("role")}
            rights = {(each["role"], each["resource"], each["action"]) for each in self._admin.accounts("permission")}
        except (Unsupported, NotFound, Failure) as error:
            self._note(Line("accounts", FAILED, error.message))
            return
        for name in wanted.users:
            self._do(f"user {name}", lambda: self._user(name, name in users))  # noqa: B023
        for role in wanted.roles:
            there = (role["role"], role["username"]) in roles or role["role"] == "ROLE_ADMIN"
            self._do(f"role {role['role']} of {role['username']}", lambda: self._grant("role", role, there))  # noqa: B023
        for right in wanted.permissions:
            known = (right["role"], right["resource"], right["action"]) in rights
            text = f"permission {right['action']} {right['resource']} of {right['role']}"
            self._do(text, lambda: self._grant("permission", right, known))  # noqa: B023

    def _note(self, line: Line) -> None:
        self.lines.append(line)
        self._tell(line)

    def _user(self, name: str, there: bool) -> str:
        if there:
            return SAME
        if not self._dry:
            password = secrets.token_urlsafe(12)
            self._admin.change("POST", "user", {"username": name, "password": password})
            self.passwords[name] = password
        return CREATED

    def _grant(self, kind: str, values: dict[str, str], there: bool) -> str:
        if there:
            return SAME
        if not self._dry:
            self._admin.change("POST", kind, dict(values))
        return CREATED


def rule_of(text: str) -> tuple[str, str, int]:
    """Kind, expression and priority of a copy's rule: JSON as Nacos stores it, or bare addresses of a beta copy."""
    try:
        found = json.loads(text)
        return str(found.get("type", "")), str(found.get("expr", "")), int(found.get("priority", 0))
    except (ValueError, AttributeError):
        return "beta", text, 0


def _same_copy(copy: Mapping[str, Any], there: Mapping[str, Any] | None) -> bool:
    if there is None or there["content"] != copy["content"]:
        return False
    return rule_of(str(there["rule"]))[1] == rule_of(copy["rule"])[1]


def _place(instance: Mapping[str, Any]) -> tuple[str, int, str]:
    return instance["ip"], instance["port"], instance["cluster"]


def _same_instance(instance: Mapping[str, Any], there: Mapping[str, Any] | None) -> bool:
    names = ("weight", "enabled", "metadata", "ephemeral")
    return there is not None and all(instance[name] == there[name] for name in names)
