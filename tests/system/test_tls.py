"""TLS on 8848 and 7848 with real nodes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time

import requests
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from twisted.trial.unittest import SkipTest

from nacos_tw.tls.making import NODE_DAYS, Pair, Span, make_ca, make_node
from tests.system.clustered import Clustered
from tests.system.homes import venv
from tests.system.nodes import READ, RealNode, wait_for
from tests.system.outsider import Outsider, dial, raft_port, receive
from tests.system.secured import HTTPS, RAFT, TlsCluster, stranger
from tests.system.writers import writing

_CHANGED = {"dataId": "d", "group": "g", "content": "changed"}


class TlsClustered(Clustered):
    """What the tests here share."""

    def secured(self, size: int = 3, **more: str) -> TlsCluster:
        """A cluster with certificates, not started; it ends with the test."""
        cluster = TlsCluster(size, **more)
        self.addCleanup(cluster.close)
        return cluster

    def started(self, size: int = 3, **more: str) -> TlsCluster:
        """The same, started."""
        cluster = self.secured(size, **more)
        cluster.start()
        return cluster


class ClusterTests(TlsClustered):
    """Three nodes with TLS on both ports."""

    def test_cluster(self) -> None:
        """They elect, replicate, lose a leader and take it back."""
        cluster = self.started()
        self.assertOk(cluster.leader().register("first", "10.0.0.1"))
        self.assertEverywhere(cluster.nodes, "first", {"10.0.0.1"})
        leader = cluster.leader()
        leader.kill()
        others = [node for node in cluster.nodes if node is not leader]
        wait_for(lambda: cluster.leader() in others and cluster.leader().ready())
        self.assertOk(others[0].register("second", "10.0.0.2"))
        leader.start()
        cluster.wait_ready()
        self.assertEverywhere(cluster.nodes, "second", {"10.0.0.2"})

    def test_nothing_in_the_clear(self) -> None:
        """A node without TLS among nodes with it gets no link, and both sides say what is wrong."""
        cluster = self.secured(properties=RAFT + "nacos.raft.secret=only-for-this-test\n")
        plain, *others = cluster.nodes
        text = f"server.port={plain.port}\nserver.address={plain.host}\nnacos.raft.secret=only-for-this-test\n"
        cluster.write(plain, "application.properties", text)
        for node in cluster.nodes:
            node.start()
        cluster.wait_ready(others)
        wait_for(lambda: "it does not speak TLS" in others[0].full_log)
        wait_for(lambda: "no Raft link with" in plain.full_log)
        self.assertFalse(plain.ready())

    def test_loaded_only_then(self) -> None:
        """OpenSSL is loaded by a node with TLS, and by no other."""
        if not os.path.exists("/proc/self/maps"):
            raise SkipTest("needs /proc")
        for properties, loaded in ((HTTPS, True), ("", False)):
            node = self.started(1, properties=properties).nodes[0]
            with open(f"/proc/{node.pid}/maps") as file:
                self.assertEqual("cryptography" in file.read(), loaded)

    def test_secret_on_top(self) -> None:
        """With a secret too, a certificate alone is not enough."""
        cluster = self.started(properties=RAFT + "nacos.raft.secret=only-for-this-test\n")
        first, second, _ = cluster.nodes
        with contextlib.closing(Outsider(first, second.address, b"wrong", cluster.context(second))) as outsider:
            self.assertIsNone(outsider.session)
        secret = b"only-for-this-test"
        with contextlib.closing(Outsider(first, second.address, secret, cluster.context(second))) as outsider:
            self.assertIsNotNone(outsider.session)
        self.assertIn("the proof is wrong", first.full_log)


class RefusalTests(TlsClustered):
    """Peers without the right certificate, from a member's address, while the members go on working."""

    def bad(self, cluster: TlsCluster, host: str) -> dict[str, Pair | None]:
        """Certificates that are not that host's; by what the log says of them."""
        ca = cluster.files.ca()
        alone = make_ca(host, Span.days(9))
        return {
            "it shows no certificate": None,
            "is signed by itself, not by a CA of ours": alone,
            "comes from a CA that is not one of ours": stranger(host),
            "has expired": make_node(ca, [host], Span.days(-1)),
            f"does not name {host}": make_node(ca, ["127.0.0.77"], Span.days(9)),
            f"(CN=127.0.0.1) does not name {host}": make_node(ca, ["127.0.0.1"], Span.days(9)),
            f"(CN=name.example) does not name {host}": make_node(ca, ["name.example"], Span.days(9)),
        }

    def test_dialing(self) -> None:
        """Who dials with one of these gets no session, and one line a minute says why."""
        cluster = self.started()
        target, other, claimed = cluster.nodes
        claimed.stop()
        with writing([target, other]) as writers:
            for number, (reason, pair) in enumerate(self.bad(cluster, claimed.host).items()):
                source = f"127.0.1.{number + 1}"  # each has a line of its own; all of the loopback may connect
                for _ in range(5):
                    outsider = Outsider(target, claimed.address, b"", cluster.context(pair), source)
                    self.assertIsNone(outsider.session, reason)
                    outsider.close()
                self.wait_for_lines(target, source)
                lines = self.lines(target, source)
                self.assertEqual(len(lines), 1, lines)
                self.assertIn(reason, lines[0])
        self.assertEqual([writer.failures for writer in writers], [[], []])
        self.assertNotIn("Traceback", target.full_log)
        good = Outsider(target, claimed.address, b"", cluster.context(claimed), claimed.host)
        self.assertIsNotNone(good.session)
        good.close()

    def wait_for_lines(self, node: RealNode, name: str) -> None:
        wait_for(lambda: self.lines(node, name))

    def lines(self, node: RealNode, name: str) -> list[str]:
        """What a node said about links with that address since its last start."""
        text = node.full_log.rpartition("Nacos is starting...")[2]
        return [line for line in text.splitlines() if f"no Raft link with {name}: " in line and " WARN " in line]

    def test_other_members_name(self) -> None:
        """A member's own certificate lets nobody speak for another member."""
        cluster = self.started()
        first, second, third = cluster.nodes
        context = cluster.context(second)
        outsider = Outsider(first, third.address, b"", context, source=second.host)
        self.assertIsNone(outsider.session)
        outsider.close()
        wait_for(lambda: f"(CN={second.host}) does not name {third.host}" in first.full_log)
        outsider = Outsider(first, second.address, b"", context, source=second.host)
        self.assertIsNotNone(outsider.session)
        outsider.close()

    def test_listening(self) -> None:
        """Who listens in a member's place with one of these is sent nothing, not even a Hello."""
        cluster = self.started()
        dialer, _, gone = cluster.nodes
        gone.stop()
        began = time.monotonic()
        bad = {reason: pair for reason, pair in self.bad(cluster, gone.host).items() if pair is not None}
        with socket.create_server((gone.host, raft_port(gone))) as listener:
            listener.settimeout(READ)
            for reason, pair in bad.items():
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                cluster.load(context, pair)
                for _ in range(2):
                    near, _ = listener.accept()
                    near.settimeout(READ)
                    with near, contextlib.suppress(ssl.SSLError, ConnectionError):
                        secure = context.wrap_socket(near, server_side=True)
                        self.assertEqual(receive(secure), b"", reason)
        self.wait_for_lines(dialer, gone.address)
        lines = self.lines(dialer, gone.address)
        self.assertLessEqual(len(lines), 1 + (time.monotonic() - began) // 60, lines)
        for line in lines:
            self.assertTrue(any(reason in line for reason in bad), lines)

    def test_strangers_below_tls(self) -> None:
        """The limits of time and number hold where the TLS handshake is not even through; a member that starts anew
        meanwhile gets in."""
        cluster = self.started()
        node = cluster.leader()
        follower = cluster.followers()[0]
        with contextlib.ExitStack() as stack, writing([node]) as writers:
            silent = [stack.enter_context(dial(node)) for _ in range(200)]
            half = [stack.enter_context(dial(node)) for _ in range(20)]
            for connection in half:
                connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
            follower.kill()
            follower.start()
            cluster.wait_ready()
            wait_for(lambda: node.members()[follower.address] == "UP")
            for connection in (*silent, *half):
                self.assertEqual(receive(connection), b"")
        self.assertEqual(writers[0].failures, [])
        self.assertEqual(cluster.leader(), node)


class HttpsCase(TlsClustered):
    """One node that speaks https."""

    def alone(self, properties: str = HTTPS) -> tuple[TlsCluster, RealNode]:
        cluster = self.started(1, properties=properties)
        return cluster, cluster.nodes[0]

    def curl(self, node: RealNode, path: str, *options: str) -> tuple[int, str]:
        """Exit status and output of the program curl."""
        done = subprocess.run(
            ["curl", "-sS", "--max-time", "60", *options, f"https://{node.address}{path}"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        return done.returncode, done.stdout


class HttpsTests(HttpsCase):
    """8848 as https, with real clients."""

    def test_pem(self) -> None:
        """Requests large and small, pipelined, from both carriers' side; plain HTTP and old TLS are refused."""
        cluster, node = self.alone()
        ca = ("--cacert", cluster.files.at("ca.pem"))
        self.assertEqual(self.curl(node, "/nacos/v1/console/health/liveness", *ca)[0], 0)
        self.assertNotEqual(self.curl(node, "/nacos/v1/console/health/liveness")[0], 0)
        self.assertNotEqual(self.curl(node, "/", *ca, "--tls-max", "1.1")[0], 0)
        for version in ("1.2", "1.3"):
            wanted = (*ca, f"--tlsv{version}", "--tls-max", version)
            self.assertEqual(self.curl(node, "/nacos/v1/console/health/liveness", *wanted)[0], 0, version)
        content = "x" * 5_000_000
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(content)
            file.flush()
            form = ("--data-urlencode", f"content@{file.name}", "-d", "dataId=d&group=g")
            self.assertEqual(self.curl(node, "/nacos/v1/cs/configs", *ca, *form), (0, "true"))
        self.assertEqual(self.curl(node, "/nacos/v1/cs/configs?dataId=d&group=g", *ca), (0, content))
        with socket.create_connection((node.host, node.port), READ) as plain:
            plain.sendall(b"GET /nacos/v1/console/health/liveness HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertNotIn(b"HTTP", receive(plain))
        assert node.tls is not None
        with node.tls.wrap_socket(
            socket.create_connection((node.host, node.port), READ), server_hostname=node.host
        ) as many:
            request = b"GET /nacos/v1/console/health/liveness HTTP/1.1\r\nHost: x\r\n\r\n"
            many.sendall(request * 50)
            found = b""
            while found.count(b"HTTP/1.1 200 OK") < 50:
                data = many.recv(65536)
                self.assertTrue(data, found[-200:])
                found += data

    def test_pkcs12(self) -> None:
        """A PKCS#12 store with a password, as Spring Boot's operators have it; the log and banner say https."""
        cluster = self.secured(
            1,
            properties="server.ssl.key-store=file:conf/tls/store.p12\nserver.ssl.key-store-type=PKCS12\n"
            "server.ssl.key-store-password=changeit\nserver.ssl.key-alias=nacos\n",
        )
        node = cluster.nodes[0]
        ca = cluster.files.ca()
        pair = make_node(ca, [node.host], Span.days(9))
        data = pkcs12.serialize_key_and_certificates(
            b"nacos", pair.key, pair.certificate, [ca.certificate], BestAvailableEncryption(b"changeit")
        )
        with open(cluster.place(node, "store.p12"), "wb") as file:
            file.write(data)
        cluster.start()
        status, text = self.curl(node, "/nacos/v1/console/health/liveness", "--cacert", cluster.files.at("ca.pem"))
        self.assertEqual((status, text), (0, "OK"))
        self.assertRegex(node.log, rf"Console: https://[^/]+:{node.port}/nacos/")
        self.assertNotIn("changeit", node.log + node.full_log)

    def test_clients_certificates(self) -> None:
        """need: nobody without a certificate; want: with or without, but not with a wrong one."""
        trust = HTTPS + "server.ssl.trust-certificate=conf/tls/ca.pem\nserver.ssl.client-auth="
        for wanted, without in (("need", False), ("want", True)):
            cluster, node = self.alone_with_clients(trust + wanted)
            base = ("--cacert", cluster.files.at("ca.pem"))
            good = cluster.files.at(f"{node.host}.pem"), cluster.files.at(f"{node.host}.key")
            path = "/nacos/v1/console/health/liveness"
            self.assertEqual(self.curl(node, path, *base, "--cert", good[0], "--key", good[1])[0], 0)
            self.assertEqual(self.curl(node, path, *base)[0] == 0, without)
            with cluster.written(stranger("127.0.0.1")) as (certificate, key):
                self.assertNotEqual(self.curl(node, path, *base, "--cert", certificate, "--key", key)[0], 0)

    def alone_with_clients(self, properties: str) -> tuple[TlsCluster, RealNode]:
        cluster = self.secured(1, properties=properties)
        node = cluster.nodes[0]
        assert node.tls is not None
        node.tls.load_cert_chain(cluster.files.at(f"{node.host}.pem"), cluster.files.at(f"{node.host}.key"))
        cluster.start()
        return cluster, node

    def test_sdk(self) -> None:
        """The published Python client, whose https is urllib's."""
        _, node = self.alone()
        client = self.sdk(node)
        client.server_list = [(f"https://{node.host}", node.port)]  # it takes no scheme in its list of addresses
        client.current_server = client.server_list[0]
        self.assertTrue(client.publish_config("d", "g", "content"))
        self.assertEqual(client.get_config("d", "g"), "content")
        self.assertTrue(client.add_naming_instance("s", "10.0.0.1", 80))
        wait_for(lambda: len(client.list_naming_instance("s")["hosts"]) == 1)

    def test_requests(self) -> None:
        """The library that most Python programs use, on a connection that is kept; a long poll is answered."""
        cluster, node = self.alone()
        with requests.Session() as session:
            session.verify = cluster.files.at("ca.pem")
            session.trust_env = False
            configs = f"{node.url}/nacos/v1/cs/configs"
            for number in range(20):
                answer = session.post(configs, {"dataId": "d", "group": "g", "content": str(number)}, timeout=READ)
                self.assertEqual((answer.status_code, answer.text), (200, "true"))
            publish = threading.Timer(0.2, node.request, ("POST", "/nacos/v1/cs/configs", _CHANGED))
            publish.start()
            body = {"Listening-Configs": f"d\x02g\x02{hashlib.md5(b'19').hexdigest()}\x01"}
            headers = {"Long-Pulling-Timeout": "20000"}
            answer = session.post(f"{configs}/listener", body, headers=headers, timeout=30)
            publish.join()
            self.assertEqual(answer.text.strip(), "d%02g%01")
            self.assertEqual(session.get(configs, params={"dataId": "d", "group": "g"}, timeout=READ).text, "changed")

    def test_slow_handshake(self) -> None:
        """A connection whose TLS handshake does not end is closed as soon as one whose head does not."""
        _, node = self.alone(HTTPS + "nacos.http.header-timeout-ms=1000\n")
        with socket.create_connection((node.host, node.port), 20) as silent:
            self.assertEqual(receive(silent), b"")

    def test_refused_starts(self) -> None:
        """A start with files that cannot be used ends in one line that names the file, and no password."""
        cluster = self.secured(1, properties=HTTPS)
        node = cluster.nodes[0]
        for properties, said in (
            (HTTPS.replace("node.key", "none.key"), "none.key: cannot be read: No such file or directory"),
            ("server.ssl.enabled=true", "expected server.ssl.key-store"),
            (
                "server.ssl.key-store=conf/application.properties\nserver.ssl.key-store-password=geheim",
                "is no PKCS#12 file",
            ),
            (HTTPS + "server.ssl.ciphers=NONE", "server.ssl.ciphers: expected names of ciphers"),
        ):
            cluster.write(node, "application.properties", f"server.port={node.port}\n{properties}\n")
            self.assertNotEqual(node.start("-m", "standalone", check=False), 0, said)
            lines = [line for line in node.output.splitlines() if line.startswith("ERROR ")]
            self.assertEqual(len(lines), 1, node.output)
            self.assertIn(said, lines[0])
            self.assertNotIn("geheim", node.output + node.log)


class ReloadTests(HttpsCase):
    """SIGHUP."""

    def serial(self, host: str, port: int, cluster: TlsCluster) -> int:
        """The serial number of the certificate that is shown there."""
        context = ssl.create_default_context(cafile=cluster.files.at("ca.pem"))
        with (
            socket.create_connection((host, port), READ) as plain,
            context.wrap_socket(plain, server_hostname=host) as tls,
        ):
            found = tls.getpeercert()
        assert found is not None
        return int(str(found["serialNumber"]), 16)

    def assertReloads(self, cluster: TlsCluster, node: RealNode, pid: int) -> None:
        """New certificates are used after SIGHUP, broken ones are not; connections that are open go on."""
        assert node.tls is not None
        kept = node.connection()
        self.addCleanup(kept.close)
        self.ask(kept)
        before = self.serial(node.host, node.port, cluster)
        pair = make_node(cluster.files.ca(), [node.host], Span.days(NODE_DAYS))
        cluster.put(node, pair)
        self.assertEqual(self.serial(node.host, node.port, cluster), before)
        os.kill(pid, signal.SIGHUP)
        wait_for(lambda: self.serial(node.host, node.port, cluster) == pair.certificate.serial_number)
        for broken in (b"", b"no certificate", make_node(cluster.files.ca(), ["x"], Span.days(9)).certificate_pem):
            with open(cluster.place(node, "node.pem"), "wb") as file:
                file.write(broken)
            count = self.full(node).count("the old ones stay")
            os.kill(pid, signal.SIGHUP)
            wait_for(lambda count=count: self.full(node).count("the old ones stay") > count)
            self.assertEqual(self.serial(node.host, node.port, cluster), pair.certificate.serial_number)
        self.ask(kept)

    def ask(self, connection: object) -> None:
        connection.request("GET", "/nacos/v1/console/health/liveness")  # type: ignore[attr-defined]
        self.assertEqual(connection.getresponse().read(), b"OK")  # type: ignore[attr-defined]

    def full(self, node: RealNode) -> str:
        return node.full_log

    def test_startup(self) -> None:
        """Under bin/startup.sh, whose nohup ignores the signal."""
        cluster, node = self.alone()
        self.assertReloads(cluster, node, node.pid)
        self.assertTrue(node.running)
        self.assertIn("certificates were read again", node.full_log)

    def test_twistd(self) -> None:
        """Under twistd, as a daemon."""
        cluster = self.secured(1, properties=HTTPS)
        node = cluster.nodes[0]
        pid_file = os.path.join(cluster.folder, "n.pid")
        command = [venv("twistd"), f"--pidfile={pid_file}", f"--logfile={cluster.folder}/n.log", "nacos"]
        subprocess.run(
            [*command, "--home", node.home, "-m", "standalone"], cwd=cluster.folder, env=node.environment(),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120, check=True,
        )  # fmt: skip
        wait_for(node.ready)
        with open(pid_file) as file:
            pid = int(file.read())
        try:
            self.assertReloads(cluster, node, pid)
        finally:
            os.kill(pid, signal.SIGTERM)
            wait_for(lambda: not os.path.exists(pid_file))

    def test_rolling(self) -> None:
        """All certificates and the CA change, node by node, while clients of two nodes register and beat without one
        failure. In each step the third node restarts while it and others have what is new, so that links are made
        between old and new."""
        cluster = self.started()
        used = cluster.nodes[1:]
        lease = {"preserved.heart.beat.timeout": "5000", "preserved.ip.delete.timeout": "10000"}
        for node in cluster.nodes:
            self.assertOk(node.register("beating", "10.0.0.1", metadata=json.dumps(lease)))
        old = {node.host: self.serial(node.host, node.port, cluster) for node in cluster.nodes}
        failed: list[object] = []
        end = threading.Event()
        beating = [threading.Thread(target=self.beats, args=(node, end, failed), daemon=True) for node in used]
        for thread in beating:
            thread.start()
        with writing(used) as writers:
            cluster.files.new_ca()  # 1: everybody trusts both CAs, clients too
            for node in cluster.nodes:
                cluster.trust(node)
            self.roll(cluster, 1)
            for node in cluster.nodes:
                cluster.files.node(cluster.files.ca(), node.host, [])
            self.roll(cluster, 2)  # 2: certificates of the new one
            cluster.files.drop_old_cas()
            for node in cluster.nodes:
                cluster.trust(node)
            self.roll(cluster, 3)  # 3: the old one does not count any more
            self.assertEqual(cluster.nodes[0].ips("beating"), {"10.0.0.1"})
        end.set()
        for thread in beating:
            thread.join(30)
        self.assertEqual([writer.failures for writer in writers], [[], []])
        self.assertEqual(failed, [])
        self.assertKept(cluster.nodes, writers)
        for node in cluster.nodes:
            self.assertNotEqual(self.serial(node.host, node.port, cluster), old[node.host])

    def roll(self, cluster: TlsCluster, step: int) -> None:
        """Give each node what counts now, one after the other."""
        for node in cluster.nodes:
            cluster.install(node)
            node.signal(signal.SIGHUP)
            wait_for(lambda node=node: node.full_log.count("certificates were read again") == 2 * step)  # type: ignore[misc]
            self.assertNotIn("the old ones stay", node.full_log)
            if node is not cluster.nodes[-1]:
                cluster.restarted(cluster.nodes[0])

    def beats(self, node: RealNode, end: threading.Event, failed: list[object]) -> None:
        """Beat twice a second on new connections until the end."""
        while not end.wait(0.5):
            try:
                answer = node.beat("beating", "10.0.0.1")
                if answer.status != 200:
                    failed.append(answer)
            except OSError as error:
                failed.append(error)
