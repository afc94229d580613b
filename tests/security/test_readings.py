"""What decided a right decides what is done: one reading of a request, and rights that end while an answer waits."""

from __future__ import annotations

import json
from contextlib import closing
from urllib.parse import urlencode

from tests.security.guarded import FORM, GuardedCase, Line, query
from tests.system.nodes import wait_for

BEAT = "/nacos/v1/ns/instance/beat"
POLL = "/nacos/v1/cs/configs/listener"


class BeatTests(GuardedCase):
    """The bytes of a beat mean another thing as another type."""

    def test_another_namespace(self) -> None:
        """The owner's bytes as text/plain are no beat of the owner's instance, for whoever may not write there."""
        place = {"serviceName": "s", "groupName": "other", "ip": "10.3.3.3", "port": "80"}
        self.guarded.ok("POST", "/v1/ns/instance", namespaceId="prod", **place)
        self.addCleanup(self.guarded.ok, "DELETE", "/v1/ns/instance", namespaceId="prod", **place)
        body = urlencode({"namespaceId": "prod", **place}).encode()
        owners = self.both("PUT", BEAT, {**self.bearer("other"), **FORM}, body)
        self.assertEqual(owners.json["code"], 10200)
        # Without the form, the request names no service: nothing is allowed, and nothing is renewed.
        for kind in ("text/plain", "application/json", "multipart/form-data; boundary=x"):
            self.assertEqual(
                self.both("PUT", BEAT, {**self.bearer("writer"), "Content-Type": kind}, body).status, 403, kind
            )
        target = BEAT + query(namespaceId="dev", serviceName="s")
        owners = self.both("PUT", target, {**self.bearer("writer"), **FORM}, body)
        self.assertEqual(owners.json["code"], 20404)

    def test_types_in_turn(self) -> None:
        """Form first, then plain: the second answer is of the plain reading."""
        self.guarded.ok("POST", "/v1/ns/instance", namespaceId="dev", serviceName="t", ip="10.3.3.4", port="80")
        text = {"cluster": "DEFAULT", "ip": "10.3.3.4", "port": 80}
        body = urlencode({"beat": json.dumps(text)}).encode()
        target = BEAT + query(namespaceId="dev", serviceName="t", ip="10.3.3.5", port="80")
        for _ in range(2):
            form = self.both("PUT", target, {**self.bearer("writer"), **FORM}, body)
            plain = self.both("PUT", target, {**self.bearer("writer"), "Content-Type": "text/plain"}, body)
            self.assertEqual((form.json["code"], plain.json["code"]), (10200, 20404))


class PasswordTests(GuardedCase):
    """bcrypt looks at 72 bytes."""

    def test_longer(self) -> None:
        """What begins with a password is not one."""
        password = "p" * 72
        self.guarded.create("long", password)
        self.guarded.log_in("long", password)
        login = "/nacos/v1/auth/login"
        for more in ("x", "p", "\0"):
            form = urlencode({"username": "long", "password": password + more}).encode()
            self.assertEqual(self.both("POST", login, FORM, form).status, 403, repr(more))
        refused = self.guarded.ask("admin", "POST", "/v1/auth/users", username="longer", password=password + "x")
        self.assertEqual(refused.status, 400)


class PollTests(GuardedCase):
    """A poll waits with the rights of now."""

    def poll(self, name: str, data_id: str) -> Line:
        """One of that user that waits for a config of dev, its answer not read yet."""
        connection = Line(self.node, "front")
        form = urlencode({"Listening-Configs": f"{data_id}\x02g\x02\x02dev\x01"}).encode()
        headers = {**FORM, "Long-Pulling-Timeout": "30000", "Content-Length": str(len(form))}
        connection.putrequest("POST", POLL)
        for key, value in {**headers, "Authorization": f"Bearer {self.guarded.log_in(name, name)}"}.items():
            connection.putheader(key, value)
        connection.endheaders(form)
        return connection

    def watched(self, data_id: str) -> None:
        """Until the poll is there."""

        def there() -> bool:
            found = self.guarded.ask("admin", "GET", "/v1/cs/configs/listener", dataId=data_id, group="g", tenant="dev")
            return bool(found.json["lisentersGroupkeyStatus"])

        wait_for(there)

    def test_user_deleted(self) -> None:
        """It ends at once."""
        self.guarded.create("leaving", "leaving", (("dev:*:*", "r"),))
        with closing(self.poll("leaving", "of-leaving")) as connection:
            self.watched("of-leaving")
            self.guarded.ok("DELETE", "/v1/auth/users", username="leaving")
            self.assertEqual(connection.getresponse().status, 403)

    def test_right_taken_away(self) -> None:
        """And does not tell of a change that comes after."""
        self.guarded.create("barred", "barred", (("dev:*:*", "r"),))
        with closing(self.poll("barred", "of-barred")) as connection:
            self.watched("of-barred")
            self.guarded.ok("DELETE", "/v1/auth/permissions", role="role-barred", resource="dev:*:*", action="r")
            self.guarded.ok("POST", "/v1/cs/configs", dataId="of-barred", group="g", tenant="dev", content="x")
            answer = connection.getresponse()
            self.assertEqual((answer.status, b"of-barred" in answer.read()), (403, False))

    def test_others_go_on(self) -> None:
        """A change of other accounts ends no poll."""
        self.guarded.create("staying", "staying", (("dev:*:*", "r"),))
        with closing(self.poll("staying", "of-staying")) as connection:
            self.watched("of-staying")
            self.guarded.create("another", "another")
            self.guarded.ok("POST", "/v1/cs/configs", dataId="of-staying", group="g", tenant="dev", content="x")
            answer = connection.getresponse()
            self.assertEqual((answer.status, b"of-staying" in answer.read()), (200, True))


class CapacityTests(GuardedCase):
    """Looking at a quota."""

    def test_reader_writes_nothing(self) -> None:
        """Readers see what a row would say, and none is made; who may write has it made, as in Nacos."""
        self.guarded.create("looker", "looker", (("capacities:*:*", "r"),))
        self.guarded.tokens["looker"] = self.guarded.log_in("looker", "looker")
        for who, made in (("looker", False), ("looker", False), ("admin", True), ("looker", True)):
            seen = self.guarded.ask(who, "GET", "/v1/cs/capacity", tenant="capacities")
            self.assertEqual((seen.status, seen.json["data"]["tenant"]), (200, "capacities"))
            self.assertEqual(seen.json["data"]["id"] != "0", made, (who, seen))
