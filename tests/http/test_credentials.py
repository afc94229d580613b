"""Where a request says who it is of."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.http.call import Call, source_of
from nacos_tw.http.credentials import password_of, token_of

TRUSTED = frozenset({"10.0.0.1", "10.0.0.2"})


class TokenTests(SynchronousTestCase):
    """The token."""

    def token(self, target: str = "/x", body: bytes = b"", method: str = "GET", **headers: str) -> bytes:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        return token_of(Call.make(method, target, body, fields))

    def test_places(self) -> None:
        """Header, parameter in the query or a form, and the console's header; in this order."""
        self.assertEqual(self.token(), b"")
        self.assertEqual(self.token(Authorization="Bearer a.b.c"), b"a.b.c")
        self.assertEqual(self.token("/x?accessToken=q"), b"q")
        self.assertEqual(self.token("/x?a=1&accessToken=q&b=2"), b"q")
        self.assertEqual(self.token(body=b"a=1&accessToken=f", method="POST"), b"f")
        self.assertEqual(self.token(accessToken="h"), b"h")
        both = self.token("/x?accessToken=q", b"accessToken=f", "POST", Authorization="Bearer a", accessToken="h")
        self.assertEqual(both, b"a")
        self.assertEqual(self.token("/x?accessToken=q", b"accessToken=f", "POST", accessToken="h"), b"q")
        self.assertEqual(self.token("/x", b"accessToken=f", "POST", accessToken="h"), b"f")

    def test_empty(self) -> None:
        """An empty one is none, so that the next place is looked at."""
        self.assertEqual(self.token("/x?accessToken=", accessToken="h"), b"h")
        self.assertEqual(self.token("/x?accessToken=q", Authorization="Bearer "), b"q")
        self.assertEqual(self.token("/x?accessToken=q", Authorization=""), b"q")

    def test_other_authorizations(self) -> None:
        """1.4's console puts JSON there on old-style calls; others put names and passwords."""
        for value in ('{"accessToken":"a"}', "Basic YTpi", "a.b.c", "bearer a", "Bearera"):
            self.assertEqual(self.token("/x?accessToken=q", Authorization=value), b"q", value)
            self.assertEqual(self.token(Authorization=value), b"", value)

    def test_not_a_parameter(self) -> None:
        """Names that only end or begin so, and values, are other parameters."""
        for target in (
            "/x?xaccessToken=q",
            "/x?accessTokens=q",
            "/x?a=accessToken=q",
            "/accessToken=q",
        ):
            self.assertEqual(self.token(target), b"", target)
        self.assertEqual(self.token("/x?xaccessToken=n&accessToken=q"), b"q")

    def test_any_case(self) -> None:
        """A name of the query in another case counts after everything else; of several the first."""
        self.assertEqual(self.token("/x?accesstoken=q&ACCESSTOKEN=r"), b"q")
        self.assertEqual(self.token("/x?accesstoken=q&accessToken=r"), b"r")
        self.assertEqual(self.token("/x?accesstoken=q", accessToken="h"), b"h")
        self.assertEqual(password_of(Call.make("GET", "/x?userName=a&PASSWORD=b")), ("a", "b"))
        self.assertIsNone(password_of(Call.make("GET", "/x?userName=a")))

    def test_escaped(self) -> None:
        """As any parameter may be."""
        self.assertEqual(self.token("/x?%61ccessToken=q"), b"q")
        self.assertEqual(self.token("/x?accessToken=%71"), b"q")

    @given(
        st.lists(
            st.sampled_from(["accessToken=a", "accessToken=b", "accessToken=", "x=1", "xaccessToken=c", ""]), max_size=5
        )
    )
    def test_as_parameters(self, pairs: list[str]) -> None:
        """Without escapes it is what the parameters say: the first."""
        call = Call.make("GET", "/x?" + "&".join(pairs))
        self.assertEqual(token_of(call), call.params.get("accessToken", "").encode())

    def test_json_is_not_read(self) -> None:
        """A body that is no form has no token."""
        self.assertEqual(self.token("/x", b"accessToken=f", "POST", Content_Type="application/json"), b"")


class PasswordTests(SynchronousTestCase):
    """Name and password."""

    def test_places(self) -> None:
        """Of the query or a form; both or none."""
        self.assertEqual(password_of(Call.make("GET", "/x?username=a&password=b")), ("a", "b"))
        self.assertEqual(password_of(Call.make("POST", "/x?username=a", b"password=b")), ("a", "b"))
        for target in ("/x", "/x?username=a", "/x?password=b", "/x?username=&password=b", "/x?username=a&password="):
            self.assertIsNone(password_of(Call.make("GET", target)), target)

    def test_headers(self) -> None:
        """Routers of MCP send them so, with every request; a parameter counts for more."""
        headers = {"userName": "h", "password": "p"}
        self.assertEqual(password_of(Call.make("GET", "/x?mcpName=m", headers=headers)), ("h", "p"))
        self.assertEqual(password_of(Call.make("PUT", "/x", b"{}", headers)), ("h", "p"))
        self.assertEqual(password_of(Call.make("GET", "/x?username=a&password=b", headers=headers)), ("a", "b"))
        self.assertIsNone(password_of(Call.make("GET", "/x", headers={"userName": "h"})))

    def test_other_bodies(self) -> None:
        """Nothing is read of them for somebody who is not known."""
        for kind in ("multipart/form-data; boundary=b", "application/json", ""):
            body = b'--b\r\nContent-Disposition: form-data; name="password"\r\n\r\nb\r\n--b--\r\n'
            call = Call.make("POST", "/x?username=a", body, {"Content-Type": kind})
            self.assertIsNone(password_of(call))
            self.assertEqual(
                password_of(Call.make("POST", "/x?username=a&password=b", body, {"Content-Type": kind})), ("a", "b")
            )


class SourceTests(SynchronousTestCase):
    """The address of a login."""

    def source(self, peer: str, forwarded: str = "", trusted: frozenset[str] = TRUSTED) -> str:
        headers = {"X-Forwarded-For": forwarded} if forwarded else {}
        return source_of(Call.make("GET", "/x", headers=headers, peer=peer), trusted)

    def test_peer(self) -> None:
        """The peer, whatever it says of itself."""
        self.assertEqual(self.source("1.2.3.4"), "1.2.3.4")
        self.assertEqual(self.source("1.2.3.4", "9.9.9.9"), "1.2.3.4")
        self.assertEqual(self.source("10.0.0.1", "9.9.9.9", frozenset()), "10.0.0.1")

    def test_trusted(self) -> None:
        """What a trusted proxy added: the last that is none of them. What stands before it anybody may have written."""
        self.assertEqual(self.source("10.0.0.1", "9.9.9.9"), "9.9.9.9")
        self.assertEqual(self.source("10.0.0.1", "6.6.6.6, 9.9.9.9"), "9.9.9.9")
        self.assertEqual(self.source("10.0.0.1", "6.6.6.6, 9.9.9.9, 10.0.0.2"), "9.9.9.9")
        self.assertEqual(self.source("10.0.0.1", "10.0.0.2"), "10.0.0.1")
        self.assertEqual(self.source("10.0.0.1", ", ,"), "10.0.0.1")
        self.assertEqual(len(self.source("10.0.0.1", "x" * 1000)), 64)

    def test_several_headers(self) -> None:
        """A client's own header does not take the place of the proxy's."""
        head = b"GET /x HTTP/1.1\r\nX-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 9.9.9.9\r\n\r\n"
        call = Call("GET", "/x", b"/x", head, b"", "10.0.0.1")
        self.assertEqual(source_of(call, TRUSTED), "9.9.9.9")
