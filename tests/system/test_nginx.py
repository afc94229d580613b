"""The nginx configuration of docs/deployment.md, before three real nodes."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable

from twisted.trial.unittest import SkipTest

from tests.system.clustered import Clustered
from tests.system.nodes import READ, ROOT, RealCluster, RealNode, free_port, wait_for
from tests.system.writers import PATIENT

DOCUMENT = os.path.join(ROOT, "docs", "deployment.md")
DOCUMENTED = [f"192.168.163.{last}:8848" for last in (131, 132, 133)]


def documented() -> str:
    """The configuration as the document has it."""
    with open(DOCUMENT) as file:
        found = re.search(r"<!-- nginx\.conf -->\s*```nginx\n(.*?)```\s*<!-- end -->", file.read(), re.DOTALL)
    if found is None:
        raise AssertionError(f"{DOCUMENT}: no nginx block between the two comments")
    return found[1]


class Nginx(Clustered):
    """Clients that know the proxy only."""

    def setUp(self) -> None:
        program = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
        if program is None:
            raise SkipTest("nginx is not installed (Debian: apt-get install nginx-light)")
        self.program = program

    def proxy(self, nodes: RealCluster) -> RealNode:
        """nginx before the nodes; what it says of itself as one (host, port, requests)."""
        folder = tempfile.mkdtemp(prefix="nacos-tw-nginx-")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        os.chmod(folder, 0o755)  # the workers are another user
        port = free_port()
        text = documented()
        changes = [*zip(DOCUMENTED, (node.address for node in nodes.nodes), strict=True)]
        changes.append(("listen 80;", f"listen 127.0.0.1:{port};"))
        for old, new in changes:
            self.assertEqual(text.count(old), 1, f"{old} in {DOCUMENT}")
            text = text.replace(old, new)
        places = "".join(
            f"    {name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        text = text.replace("http {\n", "http {\n" + places, 1)
        configuration = os.path.join(folder, "nginx.conf")
        with open(configuration, "w") as file:
            file.write(text)
        command = [self.program, "-p", folder, "-c", configuration, "-e", os.path.join(folder, "error.log")]
        main = f"daemon off; pid {folder}/nginx.pid;"
        tried = subprocess.run([*command, "-t", "-g", main], capture_output=True, text=True)
        self.assertEqual(tried.returncode, 0, tried.stderr)
        self.assertNotIn("[warn]", "" if os.geteuid() else tried.stderr)
        process = subprocess.Popen([*command, "-g", main], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def end() -> None:
            process.terminate()
            process.wait(10)

        self.addCleanup(end)
        proxy = RealNode(folder, port)
        wait_for(proxy.ready, why="nginx to pass requests on")
        return proxy

    def test_a_node_dies(self) -> None:
        """The published client behind the proxy registers, beats, lists, and does not notice that nodes die."""
        nodes = self.cluster()
        proxy = self.proxy(nodes)
        client, patient = self.sdk(proxy), json.loads(PATIENT)
        self.assertTrue(client.add_naming_instance("orders", "10.1.0.1", 8080, "c1", metadata=patient))
        self.assertEverywhere(nodes.nodes, "orders", {"10.1.0.1"})
        done = 0
        trouble: list[str] = []
        finished = threading.Event()

        def work() -> None:
            nonlocal done
            while not finished.wait(0.01):
                try:
                    ip = f"10.2.{done >> 8}.{done & 255}"
                    steps: list[Callable[[], object]] = [
                        lambda ip=ip: client.add_naming_instance("orders", ip, 8080, "c1", metadata=patient),  # type: ignore[misc]
                        lambda: client.send_heartbeat("orders", "10.1.0.1", 8080, "c1")["code"] == 10200,
                        lambda: "10.1.0.1" in {host["ip"] for host in client.list_naming_instance("orders")["hosts"]},
                    ]
                    for number, step in enumerate(steps):
                        if not step():
                            trouble.append(f"round {done}, step {number}")
                except Exception as error:
                    trouble.append(f"round {done}: {error!r}")
                done += 1

        worker = threading.Thread(target=work, daemon=True)
        worker.start()
        try:
            for victim in (nodes.leader(), nodes.followers()[0]):
                wait_for(lambda before=done: done > before + 20)  # type: ignore[misc]
                victim.kill()
                wait_for(lambda before=done: done > before + 40)  # type: ignore[misc]
                victim.start()
                nodes.wait_ready()
        finally:
            finished.set()
            worker.join(30)
        self.assertEqual(trouble, [])
        everything = {"10.1.0.1"} | {f"10.2.{number >> 8}.{number & 255}" for number in range(done)}
        self.assertEverywhere(nodes.nodes, "orders", everything)

    def test_what_passes(self) -> None:
        """The API does, under its path; what is for operators does not pass from elsewhere, other paths are unknown."""
        nodes = self.cluster()
        proxy = self.proxy(nodes)
        self.assertEqual(proxy.request("GET", "/nacos/v1/console/health/readiness").status, 200)
        self.assertEqual(proxy.request("GET", "/elsewhere").status, 404)
        self.assertEqual(proxy.register("s", "10.0.0.1", metadata='{"big":"%s"}' % ("x" * 4000)).text, "ok")
        wait_for(lambda: proxy.beat("s", "10.0.0.1").json["code"] == 10200)  # another node's, which may not know it yet
        self.assertEqual(
            proxy.request("DELETE", "/nacos/v1/ns/instance?serviceName=s&ip=10.0.0.1&port=8080").text, "ok"
        )
        connection = http.client.HTTPConnection(proxy.host, proxy.port, timeout=READ)
        self.addCleanup(connection.close)
        for number in range(50):  # all on one connection, spread over the nodes
            connection.request("POST", f"/nacos/v1/ns/instance?serviceName=t&ip=10.0.0.{number}&port=80")
            self.assertEqual(connection.getresponse().read(), b"ok")
        self.assertEverywhere(nodes.nodes, "t", {f"10.0.0.{number}" for number in range(50)})

    def test_without_majority(self) -> None:
        """With one node of three left, those that read still do."""
        nodes = self.cluster()
        proxy = self.proxy(nodes)
        self.assertEqual(proxy.register("s", "10.0.0.1", metadata=PATIENT).text, "ok")
        self.assertEverywhere(nodes.nodes, "s", {"10.0.0.1"})
        last, *gone = nodes.nodes
        for node in gone:
            node.kill()
        wait_for(lambda: last.readiness().status != 200)
        for _ in range(10):
            answer = proxy.register("s", "10.0.0.9", ephemeral="false")
            self.assertIn(answer.status, (500, 503), answer)
            self.assertEqual(proxy.ips("s"), {"10.0.0.1"})
        self.assertEqual(proxy.register("s", "10.0.0.2").text, "ok")
