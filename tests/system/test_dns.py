"""Services by DNS at a real node, asked by dig, dnspython and nginx, and by CoreDNS that stands in front."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import dns.exception
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.resolver
from twisted.trial.unittest import SkipTest

from tests.deploy import tools
from tests.system.homes import Home
from tests.system.nodes import RealNode, free_port, wait_for

LASTING = '{"preserved.heart.beat.timeout":"600000","preserved.ip.delete.timeout":"600000"}'
"""Metadata of instances that stay healthy without beats."""


class DnsTests(Home):
    """One node with three services."""

    def serve(self) -> tuple[RealNode, int]:
        """@return: the node, and the port of DNS."""
        port = free_port()
        node = self.node(properties=f"nacos.naming.dns.enabled=true\nnacos.naming.dns.port={port}\n")
        node.start("-m", "standalone")
        for last in range(1, 4):
            node.register("orders", f"10.0.0.{last}", 8080 + last, metadata=LASTING, weight=str(last))
        node.register("com.example.Stock", "10.0.1.1", groupName="prod", metadata=LASTING)
        node.register("local", "127.0.0.1", metadata=LASTING)
        for last in range(200):
            node.register("many", f"10.1.{last}.1", metadata=LASTING)
        return node, port

    def dig(self, port: int, *arguments: str) -> list[str]:
        """The lines that dig shows."""
        program = shutil.which("dig")
        if program is None:
            raise SkipTest("dig is not installed (Debian: apt-get install bind9-dnsutils)")
        command = [program, "@127.0.0.1", "-p", str(port), "+short", "+tries=3", "+time=10", *arguments]
        done = subprocess.run(command, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return sorted(done.stdout.split("\n"))[1:]

    def test_programs(self) -> None:
        """What programs that know nothing of this server see, over UDP and TCP."""
        node, port = self.serve()
        self.assertIn(f"DNS: {port}", node.full_log)
        self.look(port)
        self.resolve(port)
        self.long(port)
        self.proxy(port)
        self.assertGreater(node.metric('nacos_dns_queries_total{type="A",rcode="NOERROR"}'), 0)

    def look(self, port: int) -> None:
        """dig."""
        three = ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
        self.assertEqual(self.dig(port, "orders.nacos", "A"), three)
        self.assertEqual(self.dig(port, "OrDeRs.nAcOs", "A", "+tcp"), three)
        self.assertEqual(
            self.dig(port, "orders.nacos", "SRV"),
            [f"0 {last} {8080 + last} 10-0-0-{last}.orders.nacos." for last in (1, 2, 3)],
        )
        for name in (
            "com--example--Stock.prod.nacos",
            "com.example.stock.prod.nacos",
            r"com\.example\.Stock.prod.nacos",
        ):
            self.assertEqual(self.dig(port, name, "A"), ["10.0.1.1"], name)
        self.assertEqual(self.dig(port, "orders.nacos", "AAAA"), [])

    def resolve(self, port: int) -> None:
        """dnspython: codes, the authority of what is not there, EDNS."""
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port, resolver.lifetime = ["127.0.0.1"], port, 30
        self.assertEqual(resolver.resolve("10-0-0-2.orders.nacos", "A")[0].to_text(), "10.0.0.2")
        with self.assertRaises(dns.resolver.NXDOMAIN):
            resolver.resolve("nobody.nacos", "A")
        with self.assertRaises(dns.resolver.NoAnswer):
            resolver.resolve("orders.nacos", "TXT")
        for name, code in (("nobody.nacos", dns.rcode.NXDOMAIN), ("example.com", dns.rcode.REFUSED)):
            reply = dns.query.udp(dns.message.make_query(name, "A"), "127.0.0.1", 30, port)
            self.assertEqual(reply.rcode(), code)
        reply = dns.query.udp(dns.message.make_query("orders.nacos", "A", use_edns=7), "127.0.0.1", 30, port)
        self.assertEqual(reply.rcode(), dns.rcode.BADVERS)

    def long(self, port: int) -> None:
        """200 addresses need TCP, whatever EDNS says; packets are never larger than is safe."""
        query = dns.message.make_query("many.nacos", "A", payload=4096)
        reply, over_tcp = dns.query.udp_with_fallback(query, "127.0.0.1", 30, port)
        self.assertTrue(over_tcp)
        (found,) = reply.answer
        self.assertEqual(len(found), 200)

    def proxy(self, port: int) -> None:
        """nginx finds a service by its name."""
        program = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
        if program is None:
            return
        with backend() as behind, tempfile.TemporaryDirectory(prefix="nacos-tw-dns-") as folder:
            os.chmod(folder, 0o755)
            front = free_port()
            places = "".join(
                f"{name}_temp_path {folder}/{name}; " for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
            )
            with open(f"{folder}/nginx.conf", "w") as file:
                file.write(
                    f"pid {folder}/nginx.pid; events {{}} http {{ access_log off; {places}"
                    f"server {{ listen 127.0.0.1:{front}; location / {{ resolver 127.0.0.1:{port} ipv6=off; "
                    f"set $backend local.nacos; proxy_pass http://$backend:{behind}; }} }} }}"
                )
            command = [program, "-p", folder, "-c", f"{folder}/nginx.conf", "-e", f"{folder}/error.log"]
            process = subprocess.Popen([*command, "-g", "daemon off;"], stdin=subprocess.DEVNULL)
            try:
                self.assertEqual(wait_for(lambda: ask(front), why="nginx answers"), (200, b"found"))
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait()

    def test_coredns(self) -> None:
        """A real CoreDNS that forwards the domain: its clients get what the node's do, over UDP and TCP."""
        program = tools.program("coredns")
        _, behind = self.serve()
        front = free_port()
        with tempfile.TemporaryDirectory(prefix="nacos-tw-dns-") as folder:
            with open(f"{folder}/Corefile", "w") as file:
                file.write(f"nacos:{front} {{\n    bind 127.0.0.1\n    errors\n    forward . 127.0.0.1:{behind}\n}}\n")
            command = [program, "-conf", f"{folder}/Corefile"]
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            try:
                query = dns.message.make_query("orders.nacos", "A")
                wait_for(lambda: answered(query, front), why="CoreDNS answers")
                self.look(front)
                self.resolve(front)
                self.long(front)
            finally:
                process.terminate()
                process.wait()

    def test_port_taken(self) -> None:
        """Is one clear line, and no node is left."""
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            node = self.node(properties=f"nacos.naming.dns.enabled=true\nnacos.naming.dns.port={port}\n")
            said = self.refused(node, "-m", "standalone")
            self.assertIn(f"port {port} of 127.0.0.1 (DNS) is taken", said)
            self.assertIn("nacos.naming.dns.port", said)


class _Found(BaseHTTPRequestHandler):
    def do_GET(self) -> None:  # noqa: N802
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"found")

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing is logged."""


@contextlib.contextmanager
def backend() -> Iterator[int]:
    """A service; its port."""
    server = HTTPServer(("127.0.0.1", 0), _Found)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def answered(query: dns.message.Message, port: int) -> bool:
    """Whether somebody answers there, and well."""
    try:
        return dns.query.udp(query, "127.0.0.1", 2, port).rcode() == dns.rcode.NOERROR
    except dns.exception.Timeout:
        return False


def ask(port: int) -> tuple[int, bytes] | None:
    """An answer of the proxy; None while it is not there."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/")
        reply = connection.getresponse()
        return (reply.status, reply.read()) if reply.status == 200 else None
    except OSError:
        return None
    finally:
        connection.close()
