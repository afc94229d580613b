"""What goes into the audit log."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.access.identity import Identity
from nacos_tw.access.rules import Rule
from nacos_tw.auth.problems import UNKNOWN_USER, Refused, TooManyFailures
from nacos_tw.http.call import Call
from nacos_tw.http.record import SHOWN, Recorder
from nacos_tw.http.reply import Reply
from tests.access.lines import Lines

SECRETS = (
    "password",
    "newPassword",
    "oldPassword",
    "accessToken",
    "content",
    "encryptedDataKey",
    "file",
    "value2",
    "beat",
)


class RecordTests(SynchronousTestCase):
    """A call and its answer."""

    def setUp(self) -> None:
        self.lines = Lines()
        self.recorder = Recorder(self.lines)

    def record(
        self, call: Call, status: int = 200, body: bytes = b"true", needs: str = "write:config"
    ) -> tuple[str, str, str, str, dict[str, str]]:
        self.recorder(Rule.parse(needs), call, Reply(status, body))
        return self.lines.lines[-1]

    def test_line(self) -> None:
        """Who, from where, what, its names, and how it went."""
        call = Call.make("POST", "/v1/cs/configs?dataId=d", b"group=g&content=hidden&tenant=dev", peer="10.0.0.9")
        call.identity = Identity("bob", False)
        self.assertEqual(
            self.record(call),
            ("bob", "10.0.0.9", "POST /v1/cs/configs", "ok", {"tenant": "dev", "group": "g", "dataId": "d"}),
        )

    def test_no_secrets(self) -> None:
        """No password, token or content, wherever it stands."""
        self.assertEqual([name for name in SECRETS if name in SHOWN], [])
        pairs = "&".join(f"{name}=HIDDEN" for name in SECRETS)
        for call in (Call.make("POST", f"/x?{pairs}"), Call.make("POST", "/x", pairs.encode())):
            self.assertNotIn("HIDDEN", repr(self.record(call)))

    def test_results(self) -> None:
        """What became of it, also where Nacos says so in a body with status 200."""
        call = Call.make("DELETE", "/x")
        for status, body, result in (
            (200, b"true", "ok"), (200, b"false", "nothing"), (200, b'{"code":409,"message":null}', "nothing"),
            (200, b'{"code":500,"message":"x"}', "nothing"), (200, b'{"code":100005}', "nothing"),
            (200, b'{"code":200,"data":"ok"}', "ok"), (400, b"", "refused 400"), (403, b"", "refused 403"),
            (429, b"", "refused 429"), (500, b"", "failed 500"), (503, b"", "failed 503"),
        ):  # fmt: skip
            self.assertEqual(self.record(call, status, body)[3], result, (status, body))

    def test_a_stranger(self) -> None:
        """The body of somebody who was not let in is not read; what cannot be read is left out."""
        call = Call.make("POST", "/x?dataId=d", b"group=g")
        self.assertEqual(self.record(call, 403)[4], {"dataId": "d"})
        flood = Call.make("POST", "/x", b"&" * 20_000)
        self.assertEqual(self.record(flood, 400)[4], {})

    def test_recorded(self) -> None:
        """What an operation has written is not written again."""
        call = Call.make("POST", "/x")
        self.record(call)
        call.recorded = True
        self.recorder(Rule.parse("write:config"), call, Reply(200, b""))
        self.assertEqual(len(self.lines.lines), 1)

    def test_failed_login(self) -> None:
        """A guess that came with a call that is not recorded: whose name, from where, and not the password."""
        call = Call.make("GET", "/v1/cs/configs?username=bob&password=HIDDEN&accessToken=HIDDEN", peer="10.0.0.9")
        for error, result in ((Refused(UNKNOWN_USER), "refused 403"), (TooManyFailures(), "refused 429")):
            self.recorder.failed_login(call, "bob", error)
            self.assertEqual(self.lines.lines[-1], ("", "10.0.0.9", "GET /v1/cs/configs", result, {"username": "bob"}))

    def test_behind_a_proxy(self) -> None:
        """Where it comes from is said by a proxy that is trusted."""
        call = Call.make("POST", "/x", headers={"X-Forwarded-For": "1.2.3.4"}, peer="10.0.0.1")
        self.assertEqual(self.record(call)[1], "10.0.0.1")
        call.proxies = frozenset({"10.0.0.1"})
        self.assertEqual(self.record(call)[1], "1.2.3.4")
