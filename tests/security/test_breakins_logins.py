"""Break-ins by way of logins: the first administrator, guessing, what logs tell, pages of other sites."""

from __future__ import annotations

import base64
import glob
import os
import re
import threading
from urllib.parse import quote, urlencode

from tests.security.guarded import FORM, Guarded, GuardedCase, query
from tests.system.nodes import Answer

LOGIN = "/nacos/v1/auth/login"
GUESSES = 60


class FirstAdministratorTests(GuardedCase):
    """C{POST /v1/auth/users/admin} is open to everybody, once."""

    def test_second_time(self) -> None:
        """With an administrator there it changes nothing, for whoever calls it how often in whatever way."""
        path = "/nacos/v1/auth/users/admin"
        for who in ("", "reader", "admin"):
            for target in (path + query(password="evil"), path + "/" + query(password="evil", username="nacos"), path):
                answer = self.both("POST", target, self.bearer(who))
                self.assertEqual((answer.status, answer.json["code"]), (200, 409))
                self.assertNotIn("evil", answer.text)
        refused = self.node.request("POST", LOGIN, {"username": "nacos", "password": "evil"})
        self.assertEqual(refused.status, 403)
        self.guarded.log_in("nacos", self.guarded.passwords["admin"])


class GuessingTests(GuardedCase):
    """A node of its own, whose counts the other tests do not share."""

    def test_parallel_guesses(self) -> None:
        """
        Many guesses at once, each said to be from another address: few are looked at, the others are refused at once.
        """
        there = Guarded()
        self.addCleanup(there.cluster.close)
        there.create("victim", "right")
        enough, refused, others = threading.Event(), [], []

        def guess(number: int) -> None:
            headers = {
                "X-Forwarded-For": f"10.{number}.0.1",
                "X-Real-IP": f"10.{number}.0.2",
                "Forwarded": f"for=10.{number}.0.3",
            }
            params = {"username": "victim", "password": f"guess {number}"}
            try:
                answer = there.node.request("POST", LOGIN, params, headers=headers, timeout=60)
            except OSError:
                return  # the test is over, and the node with it
            (refused if answer.status == 429 else others).append(answer)
            if len(refused) >= GUESSES - 15:
                enough.set()

        threads = [threading.Thread(target=guess, args=(number,), daemon=True) for number in range(GUESSES)]
        for thread in threads:
            thread.start()
        self.assertTrue(enough.wait(60))
        self.assertEqual({answer.status for answer in others} - {403}, set())
        self.assertIn("too many failed logins", refused[0].text)
        for name in ("nacos", "reader"):  # who has logged in from here before is not locked out
            password = there.passwords["admin" if name == "nacos" else name]
            self.assertEqual(there.node.request("POST", LOGIN, {"username": name, "password": password}).status, 200)


class BrowserTests(GuardedCase):
    """Pages of other sites in the browser of somebody who is logged in."""

    def test_no_cookie(self) -> None:
        """Nothing that a browser sends by itself says who somebody is."""
        login = self.both("POST", LOGIN + query(username="nacos", password=self.guarded.passwords["admin"]))
        self.assertNotIn("set-cookie", login.headers)
        token = self.guarded.tokens["admin"]
        basic = base64.b64encode(f"nacos:{self.guarded.passwords['admin']}".encode()).decode()
        for headers in (
            {"Cookie": f"accessToken={token}; JSESSIONID={token}; token={token}; Authorization=Bearer {token}"},
            {"Authorization": f"Basic {basic}"},
            {"Referer": f"http://localhost/nacos/?accessToken={token}", "Origin": "http://evil.example"},
        ):
            answer = self.both("POST", "/nacos/v1/auth/users" + query(username="evil"), {**FORM, **headers})
            self.assertRefused(answer, "unknown user!", headers)

    def test_no_other_origin(self) -> None:
        """Pages of other sites are not told that they may read answers or send headers."""
        headers = {
            "Origin": "http://evil.example", "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,accesstoken",
        }  # fmt: skip
        for method in ("OPTIONS", "GET"):
            answer = self.both(
                method, "/nacos/v1/auth/users" + query(pageNo=1, pageSize=9), {**headers, **self.bearer("admin")}
            )
            found = [name for name in answer.headers if name.startswith("access-control")]
            self.assertEqual(found, [], answer.headers)


class LogTests(GuardedCase):
    """What a session leaves in the logs."""

    def session(self) -> list[str]:
        """Logins, changes and errors with secrets in every place; the secrets."""
        secrets = {
            "pass": "s3ssion-P+ss/w%rd",
            "new": "n3w-P+ss",
            "wrong": "wr0ng-P+ss",
            "content": "c0ntent-of-config",
        }
        there = self.guarded
        there.create("session", secrets["pass"], (("dev:*:*", "rw"),))
        token = there.log_in("session", secrets["pass"])
        bearer, broken = {"Authorization": f"Bearer {token}"}, b"{broken " + token.encode()
        content, configs = secrets["content"], "/nacos/v1/cs/configs"
        wrong = {"username": "session", "password": secrets["wrong"]}
        right = {"username": "session", "password": secrets["pass"]}
        named = {"accessToken": token, "tenant": "dev", "group": "g", "dataId": "s"}
        for target, headers, body in (
            (LOGIN, FORM, urlencode(wrong).encode()),
            (configs + query(**named), FORM, f"content={content}".encode()),
            (configs + query(**{**named, "tenant": "bad tenant!", "content": content}), {}, None),
            (configs + query(accessToken=token, encoding="nope"), {}, None),
            ("/nacos/v1/ns/raft/vote" + query(accessToken=token, **wrong), {}, None),
            (configs + query(**right, dataId="x"), {}, None),
            ("/nacos/v1/no/such/path" + query(accessToken=token, **right), bearer, None),
            ("/nacos/v1/core/ops/raft", {"Content-Type": "application/json", **self.bearer("admin")}, broken),
        ):
            self.both("POST", target, headers, body)
        changed = {"username": "session", "newPassword": secrets["new"]}
        there.node.request("PUT", "/nacos/v1/auth/users", changed, headers={"Authorization": f"Bearer {token}"})
        rows = there.ok("GET", "/v1/auth/users", pageNo=1, pageSize=99).json["pageItems"]
        hashes = [row["password"] for row in rows]
        self.assertTrue(all(text.startswith("$2a$10$") for text in hashes))
        there.ok("DELETE", "/v1/auth/users", username="session")
        return [*secrets.values(), *hashes, *there.passwords.values(), token, *there.tokens.values()]

    def test_session(self) -> None:
        """
        No password, hash, token, key or content is in any file of the logs, in any form; all else is in the audit log.
        """
        texts = self.session()
        key = self.guarded.key
        secrets = {form for text in texts for form in (text, quote(text), quote(text, safe=""), repr(text)[1:-1])}
        secrets |= {key.hex(), base64.b64encode(key).decode(), base64.urlsafe_b64encode(key).decode()}
        # A token's signature is the secret part of it, and enough to find it.
        secrets |= {text.rpartition(".")[2] for text in self.guarded.tokens.values()}
        names = glob.glob(os.path.join(self.node.home, "logs", "*"))
        self.assertIn("audit.log", [os.path.basename(name) for name in names])
        for name in names:
            with open(name, "rb") as file:
                data = file.read()
            self.assertNotIn(key, data, name)
            found = [secret for secret in secrets if secret.encode() in data]
            self.assertEqual(found, [], name)
        self.assertNotIn("Traceback", self.guarded.logs("nacos.log"))
        self.audited()

    def audited(self) -> None:
        """The audit log has each login and each change: who, from where, what, and how it went."""
        lines = [line[24:] for line in self.guarded.logs("audit.log").splitlines() if "session" in line]
        for wanted in (
            r'user=nacos from=127\.0\.0\.1 what="POST /v1/auth/users" username=session result=ok',
            r'user=nacos from=127\.0\.0\.1 what="POST /v1/auth/roles" username=session role=role-session result=ok',
            r'user=nacos from=\S+ what="POST /v1/auth/permissions" role=role-session resource=\S+ action=rw result=ok',
            r'user=session from=127\.0\.0\.1 what="POST /v1/auth/login" username=session result=ok',
            r'user=- from=127\.0\.0\.1 what="POST /v1/auth/login" username=session result="refused 403"',
            r'user=session from=127\.0\.0\.1 what="POST /v1/cs/configs" tenant=dev group=g dataId=s result=ok',
            r'user=session from=127\.0\.0\.1 what="PUT /v1/auth/users" username=session result=ok',
            r'user=nacos from=127\.0\.0\.1 what="DELETE /v1/auth/users" username=session result=ok',
        ):
            self.assertTrue(any(re.fullmatch(wanted, line) for line in lines), (wanted, lines))

    def test_forged_lines(self) -> None:
        """A name with line ends in it makes one line."""
        name = 'eve\nuser=nacos from=127.0.0.1 what="POST /v1/auth/login" username=nacos result=ok'
        before = len(self.guarded.logs("audit.log").splitlines())
        answer: Answer = self.node.request("POST", LOGIN, {"username": name, "password": "x"})
        self.assertEqual(answer.status, 403)
        lines = self.guarded.logs("audit.log").splitlines()
        self.assertEqual(len(lines), before + 1)
        self.assertIn(' user=- from=127.0.0.1 what="POST /v1/auth/login" username="eve', lines[-1])
