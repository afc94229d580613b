"""
Reads C{.metadata.yml} of archives: a list of mappings under C{metadata:}, in any YAML.

It is read event by event, so that only the items are in memory. An alias may only stand for a text or an item, and only
refers to it, so a text cannot be multiplied.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nacos_tw.config.problems import MetadataError

FIELDS = ("appName", "dataId", "desc", "group", "type")
"""What is read of an item; what else it has is passed over."""

MOST_ITEMS = 100_000
MOST_LINES = 1_000_000
MOST_EVENTS = 2_000_000
"""Beginnings and ends of lists and mappings, keys and values."""
LONGEST_VALUE = 16 * 1024
"""Characters of one value. The longest that may be stored has some hundreds."""

_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_TAGS = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("str", "null", "int", "float", "bool", "timestamp"))

Item = dict[str, "str | None"]


def load(text: str) -> list[Item]:
    """
    The items.

    @raise MetadataError: it is something else, or too much; it says in which line.
    """
    if text.count("\n") + text.count("\r") > MOST_LINES:
        raise MetadataError("lines")
    import yaml  # seldom used

    try:
        return _Reader(yaml, text.removeprefix("\ufeff")).read()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = 0 if mark is None else mark.line + 1
        raise MetadataError("yaml", line, detail=getattr(error, "problem", None) or "no YAML") from None
    except (UnicodeError, ValueError, RecursionError) as error:
        raise MetadataError("format", detail=type(error).__name__) from None


class _Reader:
    """One text that is being read."""

    def __init__(self, yaml: Any, text: str) -> None:
        self._yaml = yaml
        self._events: Iterator[Any] = yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        self._count = 0
        self._anchors: dict[str, str | None | Item] = {}
        """What was named: a text or an item; other things are passed over."""

    def read(self) -> list[Item]:
        self._next()  # the stream
        if isinstance(self._next(), self._yaml.StreamEndEvent):
            raise MetadataError("list")
        found: list[Item] | None = None
        if not isinstance(self._next(), self._yaml.MappingStartEvent):
            raise MetadataError("list")
        while not isinstance(event := self._next(), self._yaml.MappingEndEvent):
            if isinstance(event, self._yaml.ScalarEvent) and event.value == "metadata":
                found = self._items(self._next())
            else:
                self._pass(event)
                self._pass(self._next())
        self._next()  # the document's end
        if not isinstance(after := self._next(), self._yaml.StreamEndEvent):
            raise self._wrong(after, "document")
        if found is None:
            raise MetadataError("list")
        return found

    def _next(self) -> Any:
        self._count += 1
        if self._count > MOST_EVENTS:
            raise MetadataError("events")
        return next(self._events)

    def _wrong(self, event: Any, rule: str, detail: str = "") -> MetadataError:
        return MetadataError(rule, event.start_mark.line + 1, detail=detail)

    def _items(self, start: Any) -> list[Item]:
        if isinstance(start, self._yaml.ScalarEvent) and self._text(start) is None:
            return []
        if not isinstance(start, self._yaml.SequenceStartEvent):
            raise self._wrong(start, "list")
        items: list[Item] = []
        while not isinstance(event := self._next(), self._yaml.SequenceEndEvent):
            if len(items) == MOST_ITEMS:
                raise self._wrong(event, "items")
            items.append(self._item(event))
        return items

    def _item(self, start: Any) -> Item:
        if isinstance(start, self._yaml.AliasEvent):
            return dict(self._named_item(start))
        if not isinstance(start, self._yaml.MappingStartEvent):
            raise self._wrong(start, "mapping")
        own: Item = {}
        merged: Item = {}
        while not isinstance(key := self._next(), self._yaml.MappingEndEvent):
            if not isinstance(key, self._yaml.ScalarEvent):
                self._pass(key)
                self._pass(self._next())
            elif key.value == "<<" and key.implicit[0]:
                self._merge(self._next(), merged)
            elif key.value in FIELDS:
                own[key.value] = self._value(self._next())
            else:
                self._pass(self._next())
        item = {**merged, **own}
        self._name(start, item)
        return item

    def _merge(self, event: Any, into: Item) -> None:
        """C{<<: *name} or C{<<: [*one, *two]}; of several the first wins."""
        several = isinstance(event, self._yaml.SequenceStartEvent)
        if several:
            event = self._next()
        while not isinstance(event, self._yaml.SequenceEndEvent):
            if not isinstance(event, self._yaml.AliasEvent):
                raise self._wrong(event, "merge")
            for name, value in self._named_item(event).items():
                into.setdefault(name, value)
            if not several:
                return
            event = self._next()

    def _value(self, event: Any) -> str | None:
        if isinstance(event, self._yaml.AliasEvent):
            found = self._anchors.get(event.anchor, self._anchors)
            if isinstance(found, dict):
                raise self._wrong(event, "text", event.anchor[:50])
            return found
        if not isinstance(event, self._yaml.ScalarEvent):
            raise self._wrong(event, "text")
        return self._text(event)

    def _text(self, event: Any) -> str | None:
        if event.tag is not None and event.tag != "!" and event.tag not in _TAGS:
            raise self._wrong(event, "type")
        text: str = event.value
        if len(text) > LONGEST_VALUE:
            raise self._wrong(event, "length")
        is_null = event.implicit[0] and text in _NULLS and event.style in (None, "")
        found = None if is_null or event.tag == "tag:yaml.org,2002:null" else text
        self._name(event, found)
        return found

    def _name(self, event: Any, value: str | None | Item) -> None:
        if event.anchor is not None:
            self._anchors[event.anchor] = value

    def _named_item(self, event: Any) -> Item:
        found = self._anchors.get(event.anchor)
        if not isinstance(found, dict):
            raise self._wrong(event, "alias", event.anchor[:50])
        return found

    def _pass(self, event: Any) -> None:
        """Over a whole value that is of no interest; a text in it may be named all the same."""
        depth = 0
        starts = self._yaml.CollectionStartEvent
        ends = self._yaml.CollectionEndEvent
        while True:
            if isinstance(event, starts):
                depth += 1
            elif isinstance(event, ends):
                depth -= 1
            elif isinstance(event, self._yaml.ScalarEvent) and event.anchor is not None:
                self._name(event, event.value[: LONGEST_VALUE + 1])
            if depth == 0:
                return
            event = self._next()
