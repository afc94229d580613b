"""nacosctl export, import and migrate: all that a user owns, from one node to another, by every API."""

from __future__ import annotations

import base64
import json
import os
import shutil
import tempfile
from typing import Any

from tests.system.ctl import LOGINS, CtlCase, Said, ctl
from tests.system.nodes import RealNode
from tests.system.shared import shared

ADMIN = ("-u", "nacos", "-p", "first")


class MovingCase(CtlCase):
    """From a node without logins to one with them. Namespaces are the test's own."""

    api = ""

    def setUp(self) -> None:
        super().setUp()
        self.there: RealNode = shared(1, LOGINS).nodes[0]
        self.folder = tempfile.mkdtemp(prefix="nacos-tw-ctl-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.space = self.name.replace("_", "-") + self.api

    def to(self, *arguments: str, status: int = 0) -> Said:
        """Call nacosctl for the other node."""
        said = ctl(self.there.address, *ADMIN, *arguments)
        self.assertEqual(said.status, status, said)
        return said

    def counts(self, *arguments: str, status: int = 0) -> dict[str, int]:
        """What became of the things."""
        found: dict[str, int] = self.to("-o", "json", *arguments, status=status).json["counts"]
        return found

    def fill(self) -> None:
        """A namespace with what users own."""
        space = ("-n", self.space)
        self.ctl("namespace", "create", self.space, "--name", "Moved", "--desc", "of a test")
        for content in ("a: 1\n", "a: 2\n"):
            self.ctl(*space, "config", "put", "app.yaml", "-g", "shop", "--content", content, "--type", "yaml",
                     "--tags", "x,y", "--desc", "the app")  # fmt: skip
        self.ctl(*space, "config", "put", "plain", "--content", "ü")
        self.ctl(*space, "config", "gray", "put", "plain", "--content", "beta", "--beta-ips", "10.0.0.7")
        self.ctl(*space, "config", "gray", "put", "plain", "--content", "tagged", "--tag", "t1")
        self.ctl(*space, "service", "register", "shop", "10.0.0.1:80", "-m", "k=v", "--weight", "3", "-c", "west")
        self.ctl(*space, "service", "register", "gone", "10.0.0.2:80", "--ephemeral")

    def assertMoved(self) -> None:
        """All of it is at the other node."""
        space = ("-n", self.space, "-o", "json")
        found = self.to(*space, "config", "get", "app.yaml", "-g", "shop").json
        self.assertEqual((found["content"], found["type"], found["desc"]), ("a: 2\n", "yaml", "the app"))
        self.assertEqual(set(found["configTags"].split(",")), {"x", "y"})
        self.assertEqual(self.to(*space, "config", "get", "plain").json["content"], "ü")
        self.assertEqual(self.to("-o", "json", "namespace", "get", self.space).json["name"], "Moved")
        (host,) = self.to(*space, "service", "get", "shop").json["instances"]
        wanted = {"ip": "10.0.0.1", "weight": 3.0, "cluster": "west", "metadata": {"k": "v"}, "ephemeral": False}
        self.assertEqual({name: host[name] for name in wanted}, wanted)
        self.assertNotIn("gone", [row["name"] for row in self.to(*space, "service", "list").json])

    def copies(self) -> dict[str, str]:
        """The copies of a config at the other node."""
        rows = self.to("-n", self.space, "-o", "json", "config", "gray", "list", "plain").json
        return {row["name"]: row["content"] for row in rows}


class BundleTests(MovingCase):
    """By a folder."""

    def test_there_and_back(self) -> None:
        """Everything, with copies and history; a dry run changes nothing, a second run finds all the same."""
        self.fill()
        out = os.path.join(self.folder, "out")
        found = self.rows("export", out, "--only", self.space, "--history")
        self.assertEqual((found["namespaces"], found["configs"], found["services"]), (1, 2, 1))
        self.assertEqual(self.counts("import", out, "--dry-run"), {"created": 4})
        self.to("namespace", "get", self.space, status=3)
        self.assertEqual(self.counts("import", out), {"created": 4})
        self.assertMoved()
        self.assertEqual(self.copies(), {"beta": "beta", "tag_t1": "tagged"})
        rows = self.to("-n", self.space, "-o", "json", "config", "history", "app.yaml", "-g", "shop").json
        self.assertEqual([row["op"] for row in rows], ["U", "I"])
        self.assertEqual(self.counts("import", out), {"same": 4})
        self.differing(out)

    def differing(self, out: str) -> None:
        """What differs there is left, or replaced, or ends it, as the policy says."""
        change = ("-n", self.space, "config", "put", "app.yaml", "-g", "shop", "--content", "mine\n")
        self.to(*change)
        self.assertEqual(self.counts("import", out), {"same": 3, "skipped": 1})
        said = self.to("import", out, "--policy", "abort", status=1)
        self.assertIn("app.yaml is there already and differs", said.err)
        self.assertEqual(self.counts("import", out, "--policy", "overwrite"), {"same": 3, "replaced": 1})
        self.assertMoved()

    def test_cut_off(self) -> None:
        """A namespace that is in the folder is not read again; what lacks is."""
        self.fill()
        out = os.path.join(self.folder, "out")
        self.rows("export", out, "--only", self.space)
        self.ctl("-n", self.space, "config", "put", "later", "--content", "x")
        self.assertEqual(self.rows("export", out, "--only", self.space)["configs"], 2)
        os.remove(os.path.join(out, f"configs-{self.space}.zip"))
        self.assertEqual(self.rows("export", out, "--only", self.space)["configs"], 3)

    def test_the_console_takes_the_archive(self) -> None:
        """The archive of a namespace is one that the import of configs takes."""
        self.fill()
        out = os.path.join(self.folder, "out")
        self.rows("export", out, "--only", self.space)
        self.ctl("namespace", "create", f"{self.space}-2")
        with open(os.path.join(out, f"configs-{self.space}.zip"), "rb") as file:
            body = (
                b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.zip"\r\n\r\n'
                + file.read()
                + b"\r\n--b--"
            )
        answer = self.node.request(
            "POST", "/nacos/v3/admin/cs/config/import", {"namespaceId": f"{self.space}-2"}, body,
            {"Content-Type": "multipart/form-data; boundary=b"},
        )  # fmt: skip
        self.assertEqual(answer.json["data"]["succCount"], 2, answer)

    def test_into_another(self) -> None:
        """A namespace that takes in another one's configs is not called as that one."""
        self.fill()
        out = os.path.join(self.folder, "out")
        self.rows("export", out, "--only", self.space)
        into = f"{self.space}-3"
        self.assertEqual(self.counts("import", out, "--into", into), {"created": 4})
        found = self.to("-o", "json", "namespace", "get", into).json
        self.assertEqual((found["name"], found["description"], found["configs"]), (into, "", 2))

    def test_not_an_export(self) -> None:
        """It is said."""
        self.to("import", self.folder, status=1)


class MigrateV1Tests(MovingCase):
    """From a server of which only v1 is asked, as of Nacos 1.x."""

    api = "v1"

    def test_migrate(self) -> None:
        """Everything that this API tells; the run again finds it the same."""
        self.fill()
        run = ("migrate", "nacos", self.node.address, "--from-api", self.api, "--only", self.space)
        self.assertEqual(self.counts(*run), {"created": 4})
        self.assertMoved()
        self.assertEqual(self.copies().get("beta"), "beta")
        self.assertEqual(self.counts(*run), {"same": 4})


class MigrateV2Tests(MigrateV1Tests):
    """As of Nacos 2.x."""

    api = "v2"


class MigrateV3Tests(MigrateV1Tests):
    """As of Nacos 3.x."""

    api = "v3"


class AccountTests(MovingCase):
    """Users, roles, permissions."""

    def test_accounts(self) -> None:
        """They go with new passwords, which are written where it was said, for the owner of the file alone."""
        self.to("user", "create", "carl", "--new-password", "carl-1")
        self.to("role", "grant", "dev", "carl")
        self.to("permission", "grant", "dev", ":*:*", "rw")
        out, secrets = os.path.join(self.folder, "out"), os.path.join(self.folder, "passwords")
        self.to("export", out, "--only", "public")
        with open(os.path.join(out, "nacos.json"), encoding="utf-8") as file:
            said: dict[str, Any] = json.load(file)
        self.assertIn("carl", said["accounts"]["users"])
        self.assertNotIn("$2", json.dumps(said))
        self.to("user", "rm", "carl", "--yes")
        self.to("permission", "revoke", "dev", ":*:*", "rw")
        self.to("import", out, "--passwords", secrets)
        self.assertEqual(os.stat(secrets).st_mode & 0o777, 0o600)
        with open(secrets, encoding="utf-8") as file:
            name, password = file.read().split()
        self.assertEqual(name, "carl")
        self.assertEqual(ctl(self.there.address, "-u", "carl", "-p", password, "config", "list").status, 0)


class ConsulTests(MovingCase):
    """From Consul."""

    def test_export(self) -> None:
        """Folders become groups; what is no text, empty, or there twice is told."""
        path = os.path.join(self.folder, "kv.json")
        values = {
            "shop/eu/app.yaml": b"a: 1\n",
            "top": b"x",
            "shop/": b"",
            "bin": b"\xff\xfe",
            "a b": b"1",
            "a?b": b"2",
        }
        rows = [{"key": key, "flags": 0, "value": base64.b64encode(value).decode()} for key, value in values.items()]
        with open(path, "w", encoding="utf-8") as file:
            json.dump(rows, file)
        said = self.to("-o", "json", "migrate", "consul", path, "--into", self.space)
        self.assertEqual(said.json["counts"], {"created": 4})
        self.assertEqual(said.err.count("left out"), 2, said)
        self.assertEqual(self.to("-n", self.space, "config", "get", "app.yaml", "-g", "shop.eu").out, "a: 1\n")
        self.assertEqual(self.to("-n", self.space, "config", "get", "a_b").out, "1")
        self.to("migrate", "consul", __file__, status=1)
