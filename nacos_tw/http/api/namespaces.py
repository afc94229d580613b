"""Namespaces in v2 and v3: their parameters, and how one is written (docs/spec/http-v2-v3.md#1.5)."""

from __future__ import annotations

from typing import Any

from nacos_tw.config.model import tenant_of
from nacos_tw.http.api.parameters import FORM, REQUEST, Parameter, text
from nacos_tw.http.api.problems import Lacking
from nacos_tw.http.call import Call
from nacos_tw.namespaces.model import QUOTA, Namespace
from nacos_tw.namespaces.requests import NewNamespace, OneNamespace, Renaming

ID = text("namespaceId", "The namespace.", needed=REQUEST)
NEW_ID = text("namespaceId", "The namespace's id; one is made where it is empty.")
CUSTOM_ID = text("customNamespaceId", NEW_ID.about)
RENAMED_ID = text("namespaceId", "The namespace.", needed=FORM)
NAME = text("namespaceName", "Its name.", needed=FORM)
DESC = text("namespaceDesc", "What it is for.")


def new(call: Call, id: Parameter[str] = NEW_ID) -> NewNamespace:
    """One to be created."""
    number = id(call) or CUSTOM_ID(call)
    return NewNamespace(number, _name(call), call.params.get("namespaceDesc"))


def _name(call: Call) -> str:
    return NAME(call)


def renaming(call: Call) -> Renaming:
    """The name and the description that one gets."""
    return Renaming(RENAMED_ID(call), _name(call), call.params.get("namespaceDesc"))


def one(call: Call, id: Parameter[str] = ID) -> OneNamespace:
    """The one that is named; C{public} is the public one."""
    if call.params.get(id.name) is None:
        raise Lacking(id.name, "String", False)
    return OneNamespace(tenant_of(call.params.get(id.name)))


def namespace_json(namespace: Namespace, public: str) -> dict[str, Any]:
    """@param public: the id of the public one: "" in v2, C{public} in v3."""
    return {
        "namespace": namespace.id or public,
        "namespaceShowName": namespace.name,
        "namespaceDesc": namespace.desc,
        "quota": QUOTA,
        "configCount": namespace.configs,
        "type": namespace.kind,
    }
