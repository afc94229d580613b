"""Selectors: of a service (docs/spec/naming-v1.md#4.1) and of the service list (docs/spec/naming-v1.md#4.5)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

import msgspec

from nacos_tw.errors import Invalid

if TYPE_CHECKING:
    from nacos_tw.naming.model import Instance

SELECTOR_TYPES = ("label", "none")
"""The types that a service's selector may have."""

_TERM = re.compile(r"CONSUMER\.label\.([^&=]+)=PROVIDER\.label\.\1")

Labels = Callable[[str, str], str]
"""C{(ip, label) -> value}, "" if it has none: what a CMDB knows about an address."""


class Selector(msgspec.Struct, frozen=True):
    """How a service chooses among its instances: C{none}, or C{label} with its expression and label names."""

    type: str = "none"
    expression: str = ""
    labels: tuple[str, ...] = ()


NO_SELECTOR = Selector()


def parse_selector(text: str) -> Selector:
    """
    A service's selector from the C{selector} parameter: JSON, possibly URL-encoded once more; blank is none.

    @raise Invalid: no JSON, an unknown type, or an expression that is not made of
        C{CONSUMER.label.X=PROVIDER.label.X} terms joined by C{&}.
    """
    if not text.strip():
        return NO_SELECTOR
    fields = _fields(unquote_plus(text))
    kind = fields.get("type")
    if kind == "none":
        return NO_SELECTOR
    if kind != "label":
        raise Invalid("selector", "choice", fields.get("type"))
    expression = fields.get("expression")
    if not isinstance(expression, str):
        raise Invalid("selector", "expression", expression)
    return Selector("label", expression, _labels(expression))


def _labels(expression: str) -> tuple[str, ...]:
    terms = "".join(expression.split())
    if not terms:
        return ()
    found: dict[str, None] = {}
    for term in terms.split("&"):
        match = _TERM.fullmatch(term)
        if match is None:
            raise Invalid("selector", "expression", expression)
        found[match[1]] = None
    return tuple(found)


def _fields(text: str) -> dict[str, object]:
    try:
        return msgspec.json.decode(text, type=dict[str, object])
    except (msgspec.MsgspecError, ValueError, UnicodeError):
        raise Invalid("selector", "format", text) from None


def choose(selector: Selector, client_ip: str, instances: list[Instance], labels: Labels | None) -> list[Instance]:
    """
    The instances whose labels fit the client's: every label of the client is empty or equal to the instance's. If
    none fits, all. Without a CMDB (C{labels} None) the selector has no effect.
    """
    if labels is None or not selector.labels or not client_ip.strip():
        return instances
    wanted = [(label, value) for label in selector.labels if (value := labels(client_ip, label))]
    fitting = [each for each in instances if all(labels(each.ip, label) == value for label, value in wanted)]
    return fitting or instances


class ListFilter(msgspec.Struct, frozen=True):
    """Keeps services with an instance (C{of_instance}) or with own metadata C{key} = C{value}."""

    of_instance: bool
    key: str
    value: str

    def keeps(self, metadata: dict[str, str], instances: Sequence[Instance]) -> bool:
        """Whether a service with this metadata and these instances stays in the list."""
        if self.of_instance:
            return any(each.metadata is not None and each.metadata.get(self.key) == self.value for each in instances)
        return metadata.get(self.key) == self.value


def parse_list_filter(text: str) -> ListFilter | None:
    """
    The C{selector} of the service list: C{INSTANCE.metadata.<k> = 'v'} or C{SERVICE.metadata.<k> = 'v'} in the
    expression of a label selector; only the first and the last dotted part count.

    @return: None if it keeps every service (blank, type none, or about something else).
    @raise Invalid: no JSON, an unknown type, or no usable expression.
    """
    if not text.strip():
        return None
    fields = _fields(text)
    if fields.get("type") == "none":
        return None
    if fields.get("type") != "label":
        raise Invalid("selector", "choice", fields.get("type"))
    expression = fields.get("expression")
    if not isinstance(expression, str) or "=" not in expression:
        raise Invalid("selector", "expression", expression)
    left, right = expression.split("=", 1)
    parts = left.strip().split(".")
    if parts[0] not in ("INSTANCE", "SERVICE"):
        return None
    return ListFilter(parts[0] == "INSTANCE", parts[-1], right.strip().strip("'"))
