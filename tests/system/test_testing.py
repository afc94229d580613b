"""nacos_tw.testing: the node for other people's suites, used as they use it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import urllib.error
import urllib.request
from urllib.parse import urlencode

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.testing import NacosServer
from nacos_tw.testing.mixin import NacosServerMixin
from tests.system.grpcclient import GrpcClient
from tests.system.nodes import RealNode, wait_for

CONFIG = {"dataId": "d", "group": "g"}


def ask(server: NacosServer, method: str, path: str, **asked: str) -> tuple[int, str]:
    """Status and text."""
    request = urllib.request.Request(f"{server.url}{path}?{urlencode(asked)}", method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


class MixinTests(NacosServerMixin, SynchronousTestCase):
    """One node for all of these, empty each time."""

    def filled(self) -> None:
        ask(self.nacos, "POST", "/v1/cs/configs", content="c", **CONFIG)
        ask(self.nacos, "POST", "/v1/ns/instance", serviceName="s", ip="10.0.0.1", port="80")
        ask(self.nacos, "POST", "/v1/ns/instance", serviceName="p", ip="10.0.0.1", port="80", ephemeral="false")
        ask(
            self.nacos, "POST", "/v1/console/namespaces", customNamespaceId="dev", namespaceName="dev", namespaceDesc=""
        )

    def everything(self) -> tuple[int, int, int]:
        """How many configs, services and namespaces there are."""
        page = {"pageNo": "1", "pageSize": "9"}
        found = ask(self.nacos, "GET", "/v1/cs/configs", search="blur", dataId="", group="", **page)
        configs = json.loads(found[1])
        services = json.loads(ask(self.nacos, "GET", "/v1/ns/service/list", pageNo="1", pageSize="9")[1])
        namespaces = json.loads(ask(self.nacos, "GET", "/v1/console/namespaces")[1])
        return configs["totalCount"], services["count"], len(namespaces["data"])

    def test_reset(self) -> None:
        """Nothing is left of what was there; for the next test too."""
        self.assertEqual(self.everything(), (0, 0, 1))
        self.filled()
        self.assertEqual(self.everything(), (1, 2, 2))
        self.nacos.reset()
        self.assertEqual(self.everything(), (0, 0, 1))

    def test_empty_after_another(self) -> None:
        self.assertEqual(self.everything(), (0, 0, 1))
        self.filled()

    def test_fail_next(self) -> None:
        """So many requests fail, with the status that was wanted, and are not done."""
        self.nacos.fail_next(2, status=500)
        for _ in range(2):
            self.assertEqual(ask(self.nacos, "POST", "/v1/cs/configs", content="c", **CONFIG)[0], 500)
        self.assertEqual(ask(self.nacos, "GET", "/v1/cs/configs", **CONFIG)[0], 404)
        self.assertEqual(ask(self.nacos, "POST", "/v1/cs/configs", content="c", **CONFIG), (200, "true"))

    def test_fail_some(self) -> None:
        """Others go on; health checks too."""
        self.nacos.fail_next(match="/v1/ns/instance")
        self.assertEqual(ask(self.nacos, "GET", "/v1/cs/configs", **CONFIG)[0], 404)
        self.assertEqual(ask(self.nacos, "GET", "/v1/console/health/readiness")[0], 200)
        self.assertEqual(self.nacos.failures_left, 1)
        self.assertEqual(ask(self.nacos, "GET", "/v1/ns/instance/list", serviceName="s")[0], 503)
        self.assertEqual(self.nacos.failures_left, 0)

    def test_grpc(self) -> None:
        """Requests by gRPC fail likewise, by type; clients are connected over a reset."""
        client = GrpcClient(RealNode("", self.nacos.port))
        self.addCleanup(client.close)
        self.nacos.fail_next(status=500, match="ConfigQueryRequest")
        asked = {"dataId": "d", "group": "g", "tenant": ""}
        self.assertEqual(client.ask("ConfigPublishRequest", {**asked, "content": "c"})["resultCode"], 200)
        self.assertEqual(client.ask("ConfigQueryRequest", asked)["errorCode"], 500)
        self.assertEqual(client.ask("ConfigQueryRequest", asked)["content"], "c")
        self.nacos.reset()
        self.assertEqual(client.ask("ConfigQueryRequest", asked)["errorCode"], 300)

    def test_wait_for_listener(self) -> None:
        """It comes back when somebody listens, and says so when nobody does."""
        self.assertRaises(TimeoutError, self.nacos.wait_for_listener, "d", "g", timeout=0.1)
        body = urlencode({"Listening-Configs": "d\x02g\x02m\x01"}).encode()
        headers = {"Long-Pulling-Timeout": "60000", "Long-Pulling-Timeout-No-Hangup": "false"}
        ask(self.nacos, "POST", "/v1/cs/configs", content="c", **CONFIG)
        md5 = "4a8a08f09d37b73795649038408b5f33"  # of c
        body = urlencode({"Listening-Configs": f"d\x02g\x02{md5}\x01"}).encode()
        request = urllib.request.Request(f"{self.nacos.url}/v1/cs/configs/listener", body, headers, method="POST")
        told: list[bytes] = []

        def listen() -> None:
            with urllib.request.urlopen(request, timeout=60) as answer:
                told.append(answer.read())

        thread = threading.Thread(target=listen)
        thread.start()
        self.nacos.wait_for_listener("d", "g")
        ask(self.nacos, "POST", "/v1/cs/configs", content="other", **CONFIG)
        thread.join(60)
        self.assertIn(b"d%02g", told[0])

    def test_wait_for_subscriber(self) -> None:
        client = GrpcClient(RealNode("", self.nacos.port))
        self.addCleanup(client.close)
        about = {"namespace": "public", "serviceName": "s", "groupName": "DEFAULT_GROUP", "clusters": ""}
        client.ask("SubscribeServiceRequest", {**about, "subscribe": True})
        self.nacos.wait_for_subscriber("s")
        self.assertRaises(TimeoutError, self.nacos.wait_for_subscriber, "other", timeout=0.1)


class ServerTests(SynchronousTestCase):
    """A node of its own."""

    def test_block(self) -> None:
        """It is there in the block, with the settings that were given, and gone behind it, files and all."""
        with NacosServer(nacos__console__ui__enabled="false") as server:
            home = server._home
            self.assertTrue(os.path.isdir(home))
            self.assertEqual(ask(server, "GET", "/v1/console/health/readiness")[0], 200)
            self.assertEqual(ask(server, "GET", "/")[0], 404)
        self.assertFalse(os.path.exists(home))
        self.assertRaises(urllib.error.URLError, ask, server, "GET", "/v1/console/health/readiness")

    def test_bad_settings(self) -> None:
        """What is wrong is said."""
        error = self.assertRaises(RuntimeError, NacosServer(nacos__core__auth__enabled="x").start)
        self.assertIn("nacos.core.auth.enabled", str(error))


class TemplateTests(SynchronousTestCase):
    """Nodes are forks of one process, which has loaded everything."""

    def script(self, rest: str, **environ: str) -> subprocess.Popen[str]:
        """A test process that starts a node and tells its process and port, and then does the rest."""
        text = textwrap.dedent(
            """
            import os, sys
            from nacos_tw.testing import NacosServer
            server = NacosServer().start()
            print(server._node.pid, server.port, flush=True)
            """
        )
        process = subprocess.Popen(
            [sys.executable, "-c", text + rest], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, **environ},
        )  # fmt: skip
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def told(self, process: subprocess.Popen[str]) -> tuple[int, int]:
        """Process and port of its node."""
        assert process.stdout is not None
        pid, port = process.stdout.readline().split()
        return int(pid), int(port)

    def test_several(self) -> None:
        """They know nothing of each other."""
        NacosServer.prepare()
        with NacosServer() as first, NacosServer() as second:
            ask(first, "POST", "/v1/cs/configs", content="c", **CONFIG)
            self.assertEqual(ask(second, "GET", "/v1/cs/configs", **CONFIG)[0], 404)
            first.stop()
            self.assertEqual(ask(second, "GET", "/v1/console/health/readiness")[0], 200)
            self.assertEqual(ask(first.start(), "GET", "/v1/cs/configs", **CONFIG)[0], 404)

    def test_environment(self) -> None:
        """A node has the variables of the moment at which it is started."""
        self.patch(os, "environ", {**os.environ, "NACOS_CONSOLE_UI_ENABLED": "false"})
        with NacosServer() as server:
            self.assertEqual(ask(server, "GET", "/")[0], 404)

    def test_killed(self) -> None:
        """When the test process is killed, so are its nodes and what they are forked from."""
        process = self.script("sys.stdin.read()")
        node, _ = self.told(process)
        template = parent(node)
        self.assertEqual(parent(template), process.pid)
        process.kill()
        wait_for(lambda: parent(node) is None)
        wait_for(lambda: parent(template) is None)

    def test_stays(self) -> None:
        """Where it is wanted, the next test process finds it; its nodes end with their test."""
        folder = tempfile.mkdtemp(prefix="nacos-tw-stay-", dir="/tmp")  # a short path
        self.addCleanup(shutil.rmtree, folder)
        wanted = {"XDG_RUNTIME_DIR": folder, "NACOS_TW_TESTING_STAY": "6000"}
        first = self.script("sys.stdin.read()", **wanted)
        node, port = self.told(first)
        template = parent(node)
        assert template is not None
        self.addCleanup(os.kill, template, signal.SIGKILL)
        second = self.script("", **wanted)
        other, _ = self.told(second)
        wait_for(lambda: second.poll() == 0)
        wait_for(lambda: parent(other) is None)
        self.assertEqual(parent(node), template)
        first.kill()
        wait_for(lambda: parent(node) is None)
        third = self.script("sys.stdin.read()", **wanted)
        self.assertEqual(parent(self.told(third)[0]), template)

    def test_goes(self) -> None:
        """It ends when nobody has asked it for so long."""
        folder = tempfile.mkdtemp(prefix="nacos-tw-stay-", dir="/tmp")
        self.addCleanup(shutil.rmtree, folder)
        process = self.script("sys.stdin.read()", XDG_RUNTIME_DIR=folder, NACOS_TW_TESTING_STAY="0.01")
        template = parent(self.told(process)[0])
        assert template is not None
        process.kill()
        wait_for(lambda: parent(template) is None)

    def test_others_folder(self) -> None:
        """A folder that others can open is not used: they could answer in its place."""
        folder = tempfile.mkdtemp(prefix="nacos-tw-stay-", dir="/tmp")
        self.addCleanup(shutil.rmtree, folder)
        os.mkdir(f"{folder}/nacos-tw-testing-{os.getuid()}", 0o755)
        code = "from nacos_tw.testing import NacosServer\nNacosServer().start()"
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True,
            env={**os.environ, "XDG_RUNTIME_DIR": folder, "NACOS_TW_TESTING_STAY": "5"},
        )  # fmt: skip
        self.assertIn("expected a folder that only this user can open", done.stderr)


def parent(pid: int | None) -> int | None:
    """The parent of a process that lives; None if it does not."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            state, above = file.read().rpartition(")")[2].split()[:2]
    except OSError:
        return None
    return None if state == "Z" else int(above)


class OtherLanguagesTests(SynchronousTestCase):
    """C{python -m nacos_tw.testing}."""

    def test_command(self) -> None:
        """One line says where it is; it ends with its standard input."""
        process = subprocess.Popen(
            [sys.executable, "-m", "nacos_tw.testing", "--set", "nacos.console.ui.enabled=false"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.addCleanup(process.kill)
        assert process.stdin is not None and process.stdout is not None
        where = json.loads(process.stdout.readline())
        self.assertEqual(where["grpcPort"], where["port"] + 1000)
        with urllib.request.urlopen(f"{where['url']}/v1/console/health/readiness", timeout=60) as answer:
            self.assertEqual(answer.status, 200)
        process.stdin.close()
        self.assertEqual(process.wait(60), 0)
        process.stdout.close()

        def gone() -> bool:
            try:
                urllib.request.urlopen(where["url"], timeout=5).close()
            except urllib.error.HTTPError:
                return False
            except OSError:
                return True
            return False

        end = time.monotonic() + 60
        while not gone():
            self.assertLess(time.monotonic(), end)


class PytestTests(SynchronousTestCase):
    """The plugin, in a run of pytest."""

    def test_fixtures(self) -> None:
        try:
            import pytest
        except ImportError:
            self.skipTest("no pytest")
        self.assertTrue(pytest.__version__)
        with tempfile.TemporaryDirectory() as folder:
            name = os.path.join(folder, "test_orders.py")
            with open(name, "w") as file:
                file.write(
                    textwrap.dedent(
                        """
                        import urllib.request

                        PAGE = "/v1/ns/service/list?pageNo=1&pageSize=9"

                        def names(nacos):
                            with urllib.request.urlopen(nacos.url + PAGE) as answer:
                                return answer.read()

                        def test_one(nacos):
                            request = nacos.url + "/v1/ns/instance?serviceName=s&ip=10.0.0.1&port=80"
                            urllib.request.urlopen(urllib.request.Request(request, method="POST")).close()
                            assert b'"s"' in names(nacos)

                        def test_two(nacos, nacos_server):
                            assert nacos is nacos_server
                            assert b'"s"' not in names(nacos)
                        """
                    )
                )
            plugin = ["-p", "nacos_tw.testing.pytest_plugin"]
            if _installed():
                plugin = []
            done = subprocess.run(
                [sys.executable, "-m", "pytest", "-q", *plugin, name], capture_output=True, text=True, timeout=300
            )
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertIn("2 passed", done.stdout)


def _installed() -> bool:
    """Whether the plugin is found by its entry point."""
    from importlib.metadata import entry_points

    return any(point.value == "nacos_tw.testing.pytest_plugin" for point in entry_points(group="pytest11"))
