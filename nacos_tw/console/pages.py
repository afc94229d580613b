"""
The console's files, as they were built into C{static/} of this package, under the context path.

Beside a file there may be C{.br} and C{.gz} of it, which go to clients that take them. Which files there are is read
once, at the start, and only these are ever answered; what is in them is read when it is asked for.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator

import attrs

from nacos_tw.http.call import Call
from nacos_tw.http.reply import Reply
from nacos_tw.http.routing import normal_context

FOLDER = os.path.join(os.path.dirname(__file__), "static")
"""Where C{npm run build} and C{pip install} put the files."""

TYPES = {
    ".css": b"text/css;charset=UTF-8",
    ".html": b"text/html;charset=UTF-8",
    ".js": b"text/javascript;charset=UTF-8",
    ".svg": b"image/svg+xml",
    ".woff2": b"font/woff2",
}
"""What is served; a file of another kind is not."""

CODINGS = (("br", ".br"), ("gzip", ".gz"))
"""Content codings, the better one first, and the names of files in them."""

POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    b"connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
SAFETY = (
    (b"Content-Security-Policy", POLICY),
    (b"X-Content-Type-Options", b"nosniff"),
    (b"X-Frame-Options", b"DENY"),
    (b"Referrer-Policy", b"no-referrer"),
    (b"Cross-Origin-Opener-Policy", b"same-origin"),
)
REVALIDATE = b"no-cache"
FOR_EVER = b"public, max-age=31536000, immutable"

_HASHED = re.compile(r"-[\w-]{8}\.\w+$")
_HTML = TYPES[".html"]

NOT_BUILT = b"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>nacos_tw</title></head><body>
<h1>The console is not built</h1>
<p>This node runs without its web pages; its API works. With Node.js 20 or later, build them in the source folder
and start the node again:</p>
<pre>cd console
npm ci
npm run build</pre>
<p>An installation by pip builds them by itself where Node.js and the npm registry can be reached.</p>
</body></html>
"""


@attrs.frozen
class File:
    """
    One file.

    @ivar path: on disk.
    @ivar tag: of its content; each coding adds its name.
    @ivar codings: (content coding, path on disk) that are there as well, the best first.
    """

    path: str
    content_type: bytes
    tag: str
    cache: bytes
    codings: tuple[tuple[str, str], ...]

    def answer(self, call: Call) -> Reply:
        """The file in the coding that the client takes, or 304 if the client has it."""
        coding, path = self._chosen(call.header(b"accept-encoding"))
        tag = f'"{self.tag}{"-" if coding else ""}{coding}"'.encode()
        headers = [(b"ETag", tag), (b"Cache-Control", self.cache), (b"Vary", b"Accept-Encoding"), *SAFETY]
        if tag in _tags(call.raw_header(b"if-none-match")):
            return Reply(304, b"", None, tuple(headers))
        if coding:
            headers.append((b"Content-Encoding", coding.encode()))
        with open(path, "rb") as file:
            return Reply(200, file.read(), self.content_type, tuple(headers))

    def _chosen(self, accepts: str) -> tuple[str, str]:
        wanted = accepted_codings(accepts)
        for coding, path in self.codings:
            if coding in wanted:
                return coding, path
        return "", self.path


def accepted_codings(header: str) -> set[str]:
    """The codings that an Accept-Encoding value names with a weight above 0."""
    found = set()
    for item in header.lower().split(","):
        name, _, weight = item.partition(";")
        if not re.fullmatch(r"\s*q\s*=\s*0(\.0*)?\s*", weight):
            found.add(name.strip())
    return found


def _tags(header: bytes) -> list[bytes]:
    """The tags of If-None-Match, weak ones as strong ones."""
    return [tag.strip().removeprefix(b"W/") for tag in header.split(b",")]


class Pages:
    """
    Answers what no route has.

    @ivar _files: raw path with the context path -> file.
    """

    def __init__(self, context_path: str, folder: str = FOLDER) -> None:
        """
        Find the files.

        @param context_path: where the API begins, C{"/nacos"}; C{"/"} for no prefix.
        @param folder: need not exist.
        """
        self._context = normal_context(context_path).encode()
        self._files = {self._context + b"/" + name.encode(): file for name, file in _find(folder)}
        index = self._files.get(self._context + b"/index.html")
        if index is not None:
            self._files[self._context + b"/"] = index

    def answer(self, call: Call) -> Reply | None:
        """
        For a GET of a path without a route.

        @return: None where there is no such file either.
        """
        path, question, query = call.target.partition(b"?")
        if path == self._context and path:
            return Reply(302, b"", None, ((b"Location", path + b"/" + question + query), *SAFETY))
        file = self._files.get(path)
        if file is not None:
            return self._read(file, call)
        if path == self._context + b"/":
            return Reply(200, NOT_BUILT, _HTML, ((b"Cache-Control", b"no-store"), *SAFETY))
        return None

    def _read(self, file: File, call: Call) -> Reply | None:
        try:
            return file.answer(call)
        except FileNotFoundError:  # an installation is being replaced beneath us
            return None


def _find(folder: str) -> Iterator[tuple[str, File]]:
    """(path beneath the folder, file) of all that may be served."""
    for where, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            content_type = TYPES.get(os.path.splitext(name)[1])
            if content_type is not None:
                path = os.path.join(where, name)
                codings = tuple((coding, path + ending) for coding, ending in CODINGS if name + ending in names)
                hashed = _HASHED.search(name) is not None
                tag = name if hashed else _digest(path)
                cache = FOR_EVER if hashed else REVALIDATE
                yield os.path.relpath(path, folder).replace(os.sep, "/"), File(path, content_type, tag, cache, codings)


def _digest(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()[:20]
