"""application.properties as Java and Spring read it: lines, escapes, placeholders, environment.

Source: the class documentation of ``java.util.Properties.load`` for lines and escapes; Spring Boot's
reference, "Externalized Configuration", for placeholders and for relaxed environment names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import attrs

from nacos_tw.errors import SettingsError

COMMAND_LINE = "command line"
CONTAINER = "the container's variables"
_BLANKS = " \t\f"
_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
_LINE_END = re.compile(r"\r\n|\r|\n")
_HEX = re.compile(r"[0-9a-fA-F]{4}")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SECRET = re.compile(r"passw(or)?d|secret|credential|identity[._-]?value|token$|db[._]url", re.IGNORECASE)
_DEEPEST = 32
_LONGEST = 65536
_MOST = 10_000


class UnresolvedError(SettingsError):
    """A C{${placeholder}} without a default names nothing that is set."""


def is_secret(name: str) -> bool:
    """Whether the value under this key or environment variable must never be shown."""
    return _SECRET.search(name) is not None


def canonical(key: str) -> str:
    """The form in which keys are compared: C{context-path}, C{contextPath} are one, C{a[0]} is C{a.0}."""
    return key.replace("[", ".").replace("]", "").replace("-", "").replace("_", "").lower()


def environment_names(key: str) -> list[str]:
    """The variables that override a key: the key itself, then upper case with dots as C{_} and
    dashes dropped or as C{_}; a hump (C{contextPath}) may be a dash too."""
    plain = key.replace("[", ".").replace("]", "").replace(".", "_")
    split = _HUMP.sub("_", plain)
    names = [key, plain.replace("-", "").upper(), plain.replace("-", "_").upper(), split.replace("-", "_").upper()]
    return list(dict.fromkeys(names))


@attrs.frozen
class Line:
    """One logical line of the file."""

    key: str
    value: str = attrs.field(repr=False)
    number: int


@attrs.frozen
class Value:
    """A value with its placeholders replaced, and where it came from."""

    text: str = attrs.field(repr=False)
    origin: str
    secret: bool = False


def read_lines(text: str, filename: str) -> Iterator[Line]:
    """
    The key-value lines of a properties text, in order.

    @raise SettingsError: a C{\\u} is not followed by four hexadecimal digits, or gives half a
        surrogate pair. Everything else means something to Java.
    """
    for number, logical in _logical_lines(text.removeprefix("\ufeff")):
        end, start = _split(logical)
        where = f"{filename}, line {number}"
        yield Line(_unescape(logical[:end], where), _unescape(logical[start:], where), number)


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Comments and blank lines left out, continued lines joined; each with its first line's number."""
    pending: list[str] = []
    first = 0
    for number, natural in enumerate(_LINE_END.split(text), 1):
        stripped = natural.lstrip(_BLANKS)
        if not pending:
            if not stripped or stripped[0] in "#!":
                continue
            first = number
        if (len(stripped) - len(stripped.rstrip("\\"))) % 2:
            pending.append(stripped[:-1])
            continue
        yield first, "".join(pending) + stripped
        pending = []
    if pending:
        yield first, "".join(pending)


def _split(line: str) -> tuple[int, int]:
    """Where the key ends and where the value starts."""
    end = 0
    while end < len(line) and line[end] not in "=:" and line[end] not in _BLANKS:
        end += 2 if line[end] == "\\" else 1
    end = min(end, len(line))
    rest = line[end:].lstrip(_BLANKS)
    if rest[:1] in ("=", ":"):
        rest = rest[1:].lstrip(_BLANKS)
    return end, len(line) - len(rest)


def _unescape(text: str, where: str) -> str:
    if "\\" not in text:
        return text
    out: list[str] = []
    at = 0
    while at < len(text):
        char = text[at]
        at += 1
        if char != "\\" or at >= len(text):
            if char != "\\":
                out.append(char)
            continue
        char = text[at]
        at += 1
        if char == "u":
            digits = text[at : at + 4]
            if not _HEX.fullmatch(digits):
                raise SettingsError(f"{where}: expected four hexadecimal digits after \\u")
            char = chr(int(digits, 16))
            at += 4
        else:
            char = _ESCAPES.get(char, char)
        out.append(char)
    try:
        return "".join(out).encode("utf-16-le", "surrogatepass").decode("utf-16-le")
    except UnicodeDecodeError:
        raise SettingsError(f"{where}: expected \\u escapes in pairs for this character (half a pair found)") from None


class Properties:
    """
    The keys of one file under the environment and the command line.

    @ivar filename: as it should be named in errors.
    @ivar used: canonical names of all keys that were asked for, also through placeholders.
    """

    def __init__(
        self,
        lines: list[Line],
        filename: str,
        environ: Mapping[str, str],
        overrides: Mapping[str, str] | None = None,
        defaults: Mapping[str, str] | None = None,
    ) -> None:
        """@param defaults: keys that count where nothing else sets them."""
        self.filename = filename
        self.used: set[str] = set()
        self._exact = {line.key: line for line in lines}
        self._relaxed = {canonical(line.key): line for line in lines}
        self._environ = environ
        self._overrides = {canonical(key): value for key, value in (overrides or {}).items()}
        self._override_names = list(overrides or {})
        self._defaults = {canonical(key): value for key, value in (defaults or {}).items()}

    def __repr__(self) -> str:
        return f"<Properties {self.filename} {len(self._exact)} keys>"

    def origins(self) -> list[tuple[str, str]]:
        """(key, where it is set) for each key of the command line and of the file (its last line), in order."""
        lines = sorted(self._exact.values(), key=lambda line: line.number)
        return [(key, COMMAND_LINE) for key in self._override_names] + [
            (line.key, f"{self.filename}, line {line.number}") for line in lines
        ]

    def get(self, key: str, *aliases: str, environment: bool = True) -> Value | None:
        """
        The value of a key: from the command line, else the environment, else the file.

        @param aliases: further environment variables that stand for the key. An empty variable
            counts as not set.
        @param environment: whether environment variables may set this key.
        @raise SettingsError: a placeholder cannot be resolved (L{UnresolvedError}), goes in a circle
            or grows without end.
        """
        found = self._find(key, aliases, environment)
        if found is None:
            return None
        raw, origin = found
        secret = is_secret(key)
        expansion = _Expansion(self, f"{origin}: {key}", secret)
        text = expansion.expand(raw, (key,))
        return Value(text, origin, expansion.secret)

    def _find(self, key: str, aliases: tuple[str, ...] = (), environment: bool = True) -> tuple[str, str] | None:
        """The raw text of a key and its origin."""
        name = canonical(key)
        self.used.add(name)
        if name in self._overrides:
            return self._overrides[name], COMMAND_LINE
        for variable in (*environment_names(key), *aliases) if environment else ():
            if self._environ.get(variable):
                return self._environ[variable], f"environment variable {variable}"
        line = self._exact.get(key) or self._relaxed.get(name)
        if line is None:
            return (self._defaults[name], CONTAINER) if name in self._defaults else None
        return line.value, f"{self.filename}, line {line.number}"

    def look_up(self, name: str) -> str | None:
        """What a placeholder's name stands for, not yet expanded. Set but empty variables count."""
        if name in self._environ:
            return self._environ[name]
        found = self._find(name)
        return None if found is None else found[0]


class _Expansion:
    """Replaces the placeholders of one value."""

    def __init__(self, properties: Properties, where: str, secret: bool) -> None:
        self._properties = properties
        self._where = where
        self._replaced = 0
        self.secret = secret

    def expand(self, text: str, trail: tuple[str, ...]) -> str:
        """C{text} with every C{${name}} and C{${name:default}} replaced; an unclosed one is kept as text."""
        if "${" not in text:
            return text
        if len(trail) > _DEEPEST:
            raise SettingsError(f"{self._where}: placeholders are nested more than {_DEEPEST} deep")
        out: list[str] = []
        at = 0
        while (start := text.find("${", at)) >= 0 and (end := _closing(text, start)) >= 0:
            out.append(text[at:start])
            out.append(self._replace(text[start + 2 : end], trail))
            at = end + 1
            if sum(map(len, out)) > _LONGEST:
                raise SettingsError(f"{self._where}: the value with its placeholders replaced is too long")
        out.append(text[at:])
        return "".join(out)

    def _replace(self, inner: str, trail: tuple[str, ...]) -> str:
        # Keys that name the next one twice each would double the work at every step, also where all end in nothing.
        self._replaced += 1
        if self._replaced > _MOST:
            raise SettingsError(f"{self._where}: more than {_MOST} placeholders in one value")
        name_text, default = _name_and_default(inner)
        name = self.expand(name_text, (*trail, ""))
        if name in trail:
            raise SettingsError(f"{self._where} refers to itself: {self._shown(*filter(None, trail), name)}")
        found = self._properties.look_up(name)
        if found is not None:
            self.secret = self.secret or is_secret(name)
            return self.expand(found, (*trail, name))
        if default is None:
            raise UnresolvedError(
                f"{self._where}: placeholder {self._shown(name)} is neither an environment variable nor a key, "
                "expected one of them or a default (${name:default})"
            )
        return self.expand(default, (*trail, ""))

    def _shown(self, *names: str) -> str:
        return "(not shown)" if self.secret else " -> ".join(f"${{{name[:80]}}}" for name in names)


def _closing(text: str, start: int) -> int:
    """The index of the brace that closes the placeholder at C{start}, -1 if none does."""
    depth = 0
    for at in range(start + 1, len(text)):
        if text[at] == "{":
            depth += 1
        elif text[at] == "}":
            depth -= 1
            if not depth:
                return at
    return -1


def _name_and_default(inner: str) -> tuple[str, str | None]:
    """Splits at the first colon that is not inside a nested placeholder."""
    depth = 0
    for at, char in enumerate(inner):
        if char == "{":
            depth += 1
        elif char == "}":
            depth -= 1
        elif char == ":" and not depth:
            return inner[:at], inner[at + 1 :]
    return inner, None


def parse(
    text: str,
    filename: str,
    environ: Mapping[str, str],
    overrides: Mapping[str, str] | None = None,
    defaults: Mapping[str, str] | None = None,
) -> Properties:
    """
    Read a properties text.

    @param filename: named in errors.
    @param environ: environment variables, which override the file's keys (see L{environment_names}).
    @param overrides: keys given on the command line, which override both.
    @param defaults: keys of the place where the node runs, which all of those override.
    @raise SettingsError: the text is malformed; see L{read_lines}.
    """
    return Properties(list(read_lines(text, filename)), filename, environ, overrides, defaults)
