"""nacosctl config, by each API that a node speaks."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import tempfile

from tests.system.ctl import CtlCase
from tests.system.homes import hear_interrupts, venv
from tests.system.nodes import RealNode, wait_for


class ConfigV3Tests(CtlCase):
    """By v3, which is used where nothing else is said."""

    api = "v3"

    def config(self, *arguments: str, **more: object) -> str:
        return self.ctl("--api", self.api, "config", *arguments, **more).out  # type: ignore[arg-type]

    def test_life(self) -> None:
        """Published, read, listed, found, removed; the end is 3 for one that is not there."""
        name = self.name + self.api
        self.ctl("--api", self.api, "config", "get", name, status=3)
        self.config("put", name, "--content", "a: 1\n", "--type", "yaml", "--desc", "of a test", "-g", "shop")
        self.assertEqual(self.config("get", name, "-g", "shop"), "a: 1\n")
        found = self.rows("--api", self.api, "config", "get", name, "-g", "shop")
        self.assertEqual((found["type"], found["desc"], found["namespace"]), ("yaml", "of a test", "public"))
        self.assertIn(name, [row["dataId"] for row in self.rows("--api", self.api, "config", "list", "-g", "shop")])
        self.assertIn(name, [row["dataId"] for row in self.rows("--api", self.api, "config", "search", name[2:])])
        self.assertIn(name, [row["dataId"] for row in self.rows("config", "search", "a: 1", "--content")])
        self.config("rm", name, "-g", "shop")
        self.ctl("--api", self.api, "config", "get", name, "-g", "shop", status=3)

    def test_input_and_what_keeps(self) -> None:
        """Content may come in; a second publish keeps type and description that it does not name."""
        name = self.name + self.api
        self.config("put", name, "--type", "json", "--desc", "kept", "--content", "{}")
        self.config("put", name, input='{"b": "ü"}')
        found = self.rows("--api", self.api, "config", "get", name)
        self.assertEqual((found["content"], found["type"], found["desc"]), ('{"b": "ü"}', "json", "kept"))

    def test_ends_of_lines(self) -> None:
        """A file is published byte by byte: what comes back is the file, and its md5 is the file's."""
        name = self.name + self.api
        whole = b"\xef\xbb\xbfa: 1\r\nb: 2\rc\x0bd\r\n"
        with tempfile.NamedTemporaryFile() as file:
            file.write(whole)
            file.flush()
            self.config("put", name, file.name)
            found = self.rows("--api", self.api, "config", "get", name)
            self.assertEqual(found["content"].encode(), whole)
            self.assertEqual(found["md5"], hashlib.md5(whole).hexdigest())
            self.config("diff", name, "--file", file.name)
            self.config("put", name, "--content", whole.decode().replace("2", "3"))
            said = self.ctl("--api", self.api, "config", "diff", name, "--file", file.name, status=6)
            self.assertTrue(said.out.endswith("\n-b: 2\rc\x0bd\n+b: 3\rc\x0bd\n"), said)  # as click's runner has \r\n

    def test_cas_of_none(self) -> None:
        """A config that is not there has no content that it could be published over."""
        name = self.name + self.api
        self.ctl("--api", self.api, "config", "put", name, "--content", "x", "--cas", "0" * 32, status=8)
        self.ctl("--api", self.api, "config", "get", name, status=3)

    def test_rollback_of_an_encrypted_one(self) -> None:
        """With the key that goes with that content."""
        for content, key in (("first", "key-1"), ("second", "key-2")):
            form = {"dataId": self.name + self.api, "group": "g", "content": content, "encryptedDataKey": key}
            self.node.request("POST", "/nacos/v1/cs/configs", form)
        name = self.name + self.api
        (row, _) = self.rows("--api", self.api, "config", "history", name, "-g", "g")
        self.config("rollback", name, row["nid"], "-g", "g")
        found = self.rows("--api", self.api, "config", "get", name, "-g", "g")
        self.assertEqual((found["content"], found["encryptedDataKey"]), ("first", "key-1"))

    def test_cas(self) -> None:
        """Only over the content that was seen."""
        name = self.name + self.api
        self.config("put", name, "--content", "one")
        md5 = self.rows("--api", self.api, "config", "get", name)["md5"]
        self.config("put", name, "--content", "two", "--cas", md5)
        said = self.ctl("--api", self.api, "config", "put", name, "--content", "three", "--cas", md5, status=8)
        self.assertTrue(said.err.startswith("Error: "), said)
        self.assertEqual(self.config("get", name), "two")

    def test_history_and_rollback(self) -> None:
        """Rows newest first, one with its content, and back to it; what differs from the last one."""
        name = self.name + self.api
        for content in ("first\n", "second\n"):
            self.config("put", name, "--content", content)
        rows = self.rows("--api", self.api, "config", "history", name)
        self.assertEqual([row["op"] for row in rows], ["U", "I"])
        self.assertEqual(self.config("history", name, "--nid", rows[0]["nid"]), "first\n")
        said = self.ctl("--api", self.api, "config", "diff", name, status=6)
        self.assertIn("-first\n+second\n", said.out)
        self.config("rollback", name, rows[0]["nid"])
        self.assertEqual(self.config("get", name), "first\n")
        self.config("diff", name, "--nid", rows[0]["nid"])

    def test_namespaces_differ(self) -> None:
        """The same name in another namespace is another config; diff compares the two."""
        name, other = self.name + self.api, f"space-{self.api}"
        self.ctl("--api", self.api, "namespace", "create", other)
        self.config("put", name, "--content", "here\n")
        self.ctl("--api", self.api, "-n", other, "config", "get", name, status=3)
        self.config("put", name, "--content", "there\n", "-n", other)
        self.assertIn("-there\n+here\n", self.ctl("config", "diff", name, "--with-namespace", other, status=6).out)
        self.assertEqual(self.config("get", name), "here\n")

    def test_beta(self) -> None:
        """A copy for some addresses, until it is removed."""
        name = self.name + self.api
        self.config("put", name, "--content", "for all")
        self.config("gray", "put", name, "--content", "for one", "--beta-ips", "10.9.8.7")
        (copy,) = self.rows("--api", self.api, "config", "gray", "list", name)
        self.assertEqual(copy["name"], "beta")
        self.assertIn("10.9.8.7", copy["rule"])
        self.assertEqual(self.config("gray", "get", name, "beta"), "for one")
        self.config("gray", "rm", name, "beta")
        self.assertEqual(self.rows("--api", self.api, "config", "gray", "list", name), [])


class ConfigV1Tests(ConfigV3Tests):
    """By v1: a Nacos of 1.x has nothing else."""

    api = "v1"

    def test_labels_are_refused(self) -> None:
        """A copy by labels is no part of v1, and that is said."""
        self.config("put", self.name, "--content", "x")
        said = self.ctl(
            "--api", "v1", "config", "gray", "put", self.name, "--name", "g", "--rule", "a=b", "--content", "y",
            status=7,
        )  # fmt: skip
        self.assertIn("it needs v3", said.err)


class ConfigV2Tests(ConfigV3Tests):
    """By v2, with v1 for what that has not."""

    api = "v2"


class ConfigTests(CtlCase):
    """What does not depend on the API."""

    def test_labels(self) -> None:
        """A copy by labels."""
        self.ctl("config", "put", self.name, "--content", "x")
        self.ctl("config", "gray", "put", self.name, "--name", "north", "--rule", "region=n", "--content", "y")
        (copy,) = self.rows("config", "gray", "list", self.name)
        self.assertEqual((copy["name"], copy["content"]), ("north", "y"))
        self.assertIn("region", copy["rule"])
        self.ctl("config", "gray", "rm", self.name, "north")
        self.assertEqual(self.rows("config", "gray", "list", self.name), [])

    def test_watch(self) -> None:
        """A process of its own shows the content, and the next one when it comes, by the long poll."""
        self.ctl("config", "put", self.name, "--content", "before")
        with Watching(self.node, "config", "watch", self.name, "--once") as watching:
            watching.says("before")
            self.ctl("config", "put", self.name, "--content", "after")
            self.assertEqual(watching.ends(), 0)
            watching.says("after")

    def test_formats(self) -> None:
        """A table has a head, YAML and JSON the same values."""
        self.ctl("config", "put", self.name, "--content", "x", "-g", self.name)
        table = self.ctl("config", "list", "-g", self.name).out.splitlines()
        self.assertEqual(table[0].split()[:2], ["GROUP", "DATAID"])
        self.assertIn(self.name, table[1])
        self.assertIn(f"dataId: {self.name}", self.ctl("-o", "yaml", "config", "list", "-g", self.name).out)


class Watching:
    """A nacosctl that goes on in a process."""

    def __init__(self, node: RealNode, *arguments: str) -> None:
        self._out = tempfile.TemporaryFile()  # noqa: SIM115 - closed at the end
        self._process = subprocess.Popen(
            [venv("nacosctl"), "--addr", node.address, *arguments], stdout=self._out, stderr=subprocess.STDOUT,
            env={**os.environ, "NACOSCTL_CONFIG": "/nonexistent/nacosctl.yaml"}, preexec_fn=hear_interrupts,
        )  # fmt: skip

    def __enter__(self) -> Watching:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._out.close()

    @property
    def said(self) -> str:
        """All that it has said."""
        self._out.seek(0)
        return self._out.read().decode()

    def says(self, text: str) -> None:
        """It does, soon."""
        wait_for(lambda: text in self.said, why=f"{text!r} in {self.said!r}")

    def interrupt(self) -> None:
        """Ctrl-C."""
        self._process.send_signal(signal.SIGINT)

    def terminate(self) -> None:
        """What scripts send."""
        self._process.terminate()

    def ends(self) -> int:
        """Its status, soon."""
        return self._process.wait(60)
