"""Reads keys of the table out of application.properties and the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import TypeVar

from nacos_tw.errors import SettingsError
from nacos_tw.settings import keys, properties
from nacos_tw.settings.keys import Key
from nacos_tw.settings.nearest import nearest
from nacos_tw.settings.properties import Value

T = TypeVar("T")
_NUMBERED = re.compile(r"(.*)\.[0-9]+")


class Reader:
    """The keys of one node's application.properties, environment and command line."""

    def __init__(self, found: properties.Properties) -> None:
        self._properties = found

    @classmethod
    def open(
        cls,
        filename: str,
        environ: Mapping[str, str],
        overrides: Mapping[str, str],
        defaults: Mapping[str, str] | None = None,
    ) -> Reader:
        """
        Read the file; one that does not exist is as good as an empty one.

        @raise SettingsError: it cannot be read, or its text is malformed.
        """
        text = read_text(filename) if os.path.lexists(filename) else ""
        return cls(properties.parse(text, filename, environ, overrides, defaults))

    @property
    def filename(self) -> str:
        """The file's name, for errors."""
        return self._properties.filename

    def get(self, key: Key[T], number: int | None = None) -> T:
        """
        The value of a key, or its default.

        @param number: N of C{name.N}, for a numbered key.
        @raise SettingsError: with origin, key and what was expected; a secret is not shown.
        """
        value = self.value(key, number)
        if value is None:
            return key.parse(key.default)
        name = key.name if number is None else f"{key.name}.{number}"
        try:
            return key.parse(value.text)
        except ValueError as error:
            shown = "" if value.secret else f"={_shown(value.text)}"
            raise SettingsError(f"{value.origin}: {name}{shown}: expected {error}") from None

    def value(self, key: Key[T], number: int | None = None) -> Value | None:
        """What is set for a key, as text with its origin; None if nothing is. An empty text is nothing, but for keys
        that may be blank."""
        name = key.name if number is None else f"{key.name}.{number}"
        value = self._properties.get(name, *(key.environment if not number else ()))
        if key.instead and (value is None or not (key.blank or value.text.strip())):
            value = self._properties.get(key.instead)
        return value if value is not None and (key.blank or value.text.strip()) else None

    def home(self) -> str:
        """C{nacos.home} of the file or the command line, "" if unset. The environment's NACOS_HOME says where the
        file is found, so it does not count again."""
        value = self._properties.get(keys.HOME.name, environment=False)
        try:
            return keys.HOME.parse(value.text if value else "")
        except ValueError as error:
            raise SettingsError(f"{self.filename}: {keys.HOME.name}: expected {error}") from None

    def all(self, key: Key[T]) -> list[T]:
        """The values of C{name.0}, C{name.1} ... up to the first that is not set."""
        found: list[T] = []
        while self.value(key, len(found)) is not None:
            found.append(self.get(key, len(found)))
        return found

    def remarks(self) -> list[str]:
        """One line for each given key that this server does not read. Call it when all are read."""
        return [remark for remark, _ in self._ignored()]

    def misspelt(self) -> list[str]:
        """Those of the L{remarks} that name a key which may have been meant."""
        return [remark for remark, meant in self._ignored() if meant]

    def _ignored(self) -> Iterator[tuple[str, str]]:
        """The remarks, each with the key that may have been meant, or ""."""
        names = {properties.canonical(name): name for key in keys.KEYS for name in (key.name, key.instead) if name}
        known = names.keys() | self._properties.used
        unused = tuple(map(properties.canonical, keys.UNUSED))
        for key, origin in self._properties.origins():
            name = properties.canonical(key)
            numbered = _NUMBERED.fullmatch(name)
            if name in known or (numbered and numbered[1] in known):
                continue
            of_nacos = name.startswith(unused)
            # Nacos has keys that resemble others; what nobody knows is more likely a slip.
            meant = names.get(nearest(numbered[1] if numbered else name, names, 2 if of_nacos else 3), "")
            why = "has no effect in this server" if of_nacos else "is not known"
            yield f"{origin}: {_shown(key)} {why}{f'; did you mean {meant}?' if meant else ''}", meant


def read_text(filename: str) -> str:
    """
    A file that an operator wrote: UTF-8, or else Latin-1 (which Java's properties are by rights).

    @raise SettingsError: it cannot be read.
    """
    try:
        with open(filename, "rb") as file:
            data = file.read()
    except OSError as error:
        raise SettingsError(f"{filename}: cannot be read: {error.strerror or error}") from None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _shown(text: str) -> str:
    """A text from a file, fit for one line of an error."""
    text = text if len(text) <= 80 else text[:77] + "..."
    return text if text.isprintable() else ascii(text)
