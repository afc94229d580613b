"""The console's files: what is served, how, and what is not."""

from __future__ import annotations

import gzip
import os

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.console.pages import FOR_EVER, POLICY, REVALIDATE, Pages, accepted_codings
from nacos_tw.http.call import Call
from nacos_tw.http.listener import FrontFactory
from nacos_tw.http.reply import Reply
from nacos_tw.settings.settings import HttpSettings
from tests.http.carriers import Client, Core, Got, Things, get

SCRIPT = b"console.log(1)" * 50
NAME = "assets/index-Ab_1-xyZ.js"


class Files:
    """A folder as a build leaves it."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        os.makedirs(os.path.join(folder, "assets"))
        self.write("index.html", b"<!doctype html>")
        self.write(NAME, SCRIPT)
        self.write(NAME + ".gz", gzip.compress(SCRIPT))
        self.write(NAME + ".br", b"brotli")
        self.write("notes.txt", b"not for browsers")
        self.write(".vite/manifest.json", b"{}")
        self.write(".vite/index.html", b"hidden")

    def write(self, name: str, data: bytes) -> None:
        """One file."""
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)


def header(reply: Reply, name: bytes) -> bytes | None:
    """A header of a reply; its only one of that name."""
    found = [value for key, value in reply.headers if key.lower() == name.lower()]
    assert len(found) < 2, found
    return found[0] if found else None


class PagesTests(SynchronousTestCase):
    """L{Pages} on a folder."""

    def setUp(self) -> None:
        self.files = Files(self.mktemp())
        self.pages = Pages("/nacos", self.files.folder)

    def ask(self, target: str, **headers: str) -> Reply:
        """The answer to a GET that must have one."""
        found = self.pages.answer(self.call(target, **headers))
        assert found is not None, target
        return found

    def call(self, target: str, **headers: str) -> Call:
        """A GET."""
        return Call.make("GET", target, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def test_context_path_leads_to_its_folder(self) -> None:
        """Relative addresses need the slash; the query is kept."""
        reply = self.ask("/nacos?namespace=x")
        self.assertEqual((reply.status, header(reply, b"Location")), (302, b"/nacos/?namespace=x"))

    def test_index(self) -> None:
        """Under both names; to be asked for again each time, with a policy."""
        for target in ("/nacos/", "/nacos/index.html", "/nacos/?x=1"):
            reply = self.ask(target)
            self.assertEqual((reply.status, reply.body), (200, b"<!doctype html>"))
            self.assertEqual(reply.content_type, b"text/html;charset=UTF-8")
            self.assertEqual(header(reply, b"Cache-Control"), REVALIDATE)
            self.assertEqual(header(reply, b"Content-Security-Policy"), POLICY)
            self.assertEqual(header(reply, b"X-Frame-Options"), b"DENY")

    def test_policy_names_no_other_host_and_no_inline_code(self) -> None:
        """Only this node, and nothing that a stored text could smuggle in."""
        for word in (b"unsafe", b"http", b"*"):
            self.assertNotIn(word, POLICY)

    def test_hashed_names_are_kept_for_ever(self) -> None:
        """Their content never changes."""
        reply = self.ask("/nacos/" + NAME)
        self.assertEqual(header(reply, b"Cache-Control"), FOR_EVER)
        self.assertEqual(reply.content_type, b"text/javascript;charset=UTF-8")

    def test_coding_is_chosen(self) -> None:
        """br before gzip before none; each has its own tag."""
        tags = set()
        for accepts, coding, body in (
            ("gzip, deflate, br", b"br", b"brotli"),
            ("gzip;q=1.0, br;q=0", b"gzip", gzip.compress(SCRIPT)),
            ("identity", None, SCRIPT),
            ("", None, SCRIPT),
        ):
            reply = self.ask("/nacos/" + NAME, accept_encoding=accepts)
            self.assertEqual(header(reply, b"Content-Encoding"), coding, accepts)
            self.assertEqual(reply.body[-8:], body[-8:], accepts)
            self.assertEqual(header(reply, b"Vary"), b"Accept-Encoding")
            tags.add(header(reply, b"ETag"))
        self.assertEqual(len(tags), 3)

    def test_known_tag_is_304(self) -> None:
        """Also a weak one, and one of several."""
        tag = header(self.ask("/nacos/"), b"ETag")
        assert tag is not None
        for sent in (tag, b"W/" + tag, b'"x", ' + tag):
            reply = self.ask("/nacos/", if_none_match=sent.decode())
            self.assertEqual((reply.status, reply.body, header(reply, b"ETag")), (304, b"", tag))
        self.assertEqual(self.ask("/nacos/", if_none_match='"x"').status, 200)

    def test_tag_follows_the_content(self) -> None:
        """A new build's index.html is seen as new."""
        tag = header(self.ask("/nacos/"), b"ETag")
        self.files.write("index.html", b"<!doctype html><p>")
        self.assertNotEqual(
            header(Pages("/nacos", self.files.folder).answer(self.call("/nacos/")) or Reply(), b"ETag"), tag
        )

    def test_nothing_else_is_served(self) -> None:
        """No way out of the folder, no hidden file, no kind that pages do not need, no compressed file by its name."""
        for target in (
            "/nacos/../setup.py",
            "/nacos/assets/../index.html",
            "/nacos/%2e%2e/pages.py",
            "/nacos/..%2fpages.py",
            "/nacos//index.html",
            "/nacos/./index.html",
            "/nacos/index.html/",
            "/nacos/index.html;x",
            "/nacos/INDEX.html",
            "/nacos/index%2ehtml",
            "/nacos/notes.txt",
            "/nacos/.vite/manifest.json",
            "/nacos/.vite/index.html",
            "/nacos/" + NAME + ".gz",
            "/nacos/assets",
            "/nacos/assets/",
            "/index.html",
            "/",
            "",
            "*",
        ):
            self.assertIsNone(self.pages.answer(self.call(target)), target)

    def test_file_that_went_away(self) -> None:
        """An installation is replaced while the node runs: as if it had never been."""
        os.remove(os.path.join(self.files.folder, NAME))
        self.assertIsNone(self.pages.answer(self.call("/nacos/" + NAME)))

    def test_root_as_context_path(self) -> None:
        """The index is at the root, and nothing redirects."""
        pages = Pages("/", self.files.folder)
        self.assertEqual((pages.answer(self.call("/")) or Reply()).body, b"<!doctype html>")
        self.assertIsNone(pages.answer(self.call("")))

    def test_not_built(self) -> None:
        """The page says how to build it."""
        pages = Pages("/nacos", self.mktemp())
        reply = pages.answer(self.call("/nacos/"))
        assert reply is not None
        self.assertIn(b"npm run build", reply.body)
        self.assertIsNone(pages.answer(self.call("/nacos/index.html")))

    def test_accepted_codings(self) -> None:
        """Weights of zero refuse."""
        self.assertEqual(accepted_codings("gzip, br;q=0.000, Zstd ;q=0.5"), {"gzip", "zstd"})


class CarriedTests(SynchronousTestCase):
    """Through the carriers, beside routes."""

    def setUp(self) -> None:
        clock = Clock()
        pages = Pages("/nacos", Files(self.mktemp()).folder)
        self.factory = FrontFactory([Things(), Core()], "/nacos", HttpSettings(), clock, pages=pages.answer)
        self.factory.doStart()

    def ask(self, request: bytes, head: bool = False) -> Got:
        """One request on a connection of its own."""
        protocol = self.factory.buildProtocol(None)
        assert protocol is not None
        client = Client(protocol)
        client.send(request)
        (got,) = client.got((0,) if head else ())
        return got

    def test_get(self) -> None:
        """A file; one policy only."""
        got = self.ask(get("/nacos/" + NAME, "Accept-Encoding: br"))
        self.assertEqual((got.status, got.body, got.headers["content-encoding"]), (200, b"brotli", "br"))
        self.assertEqual(got.headers["content-security-policy"], POLICY.decode())

    def test_head(self) -> None:
        """The same without the body."""
        got = self.ask(get("/nacos/" + NAME, method="HEAD"), head=True)
        self.assertEqual((got.status, got.headers["content-length"], got.body), (200, str(len(SCRIPT)), b""))

    def test_not_modified(self) -> None:
        """304 has no body and no type."""
        got = self.ask(get("/nacos/" + NAME, f'If-None-Match: "{os.path.basename(NAME)}"'))
        self.assertEqual((got.status, got.body, got.headers.get("content-type")), (304, b"", None))

    def test_other_methods(self) -> None:
        """Nothing is posted to a page."""
        self.assertEqual(self.ask(get("/nacos/", method="POST", body=b"x")).status, 404)

    def test_routes_come_first_and_the_unknown_stays_unknown(self) -> None:
        """The API is not touched."""
        self.assertEqual(self.ask(get("/nacos/v1/core/self")).body, b"self")
        self.assertIn(b"no such api", self.ask(get("/nacos/v1/ns/nothing")).body)
