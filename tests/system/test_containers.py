"""The environment files that nacos-docker publishes, and what its compose files add, start our nodes as they stand.

The files are written again here, with their keys; only what names a place is another: hosts are this machine, and
ports are free ones.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
from urllib.parse import urlencode
from urllib.request import urlopen

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests import mariadb
from tests.nameserver import nameserver
from tests.system.config_nodes import FORM
from tests.system.containers import ContainerNode
from tests.system.nodes import Answer, apart, free_port, wait_for

LOGIN = {
    "NACOS_AUTH_IDENTITY_KEY": "2222",
    "NACOS_AUTH_IDENTITY_VALUE": "2xxx",
    "NACOS_AUTH_TOKEN": "SecretKey012345678901234567890123456789012345678901234567890123456789",
}
OPTIONS = "characterEncoding=utf8&connectTimeout=1000&socketTimeout=3000&autoReconnect=true&useSSL=false"


def database() -> dict[str, str]:
    """What the files say of MySQL, of a new database."""
    server = mariadb.server()
    return {
        "MYSQL_SERVICE_HOST": "127.0.0.1",
        "MYSQL_SERVICE_DB_NAME": server.database(),
        "MYSQL_SERVICE_PORT": str(server.port),
        "MYSQL_SERVICE_USER": mariadb.USER,
        "MYSQL_SERVICE_PASSWORD": mariadb.PASSWORD,
        "MYSQL_SERVICE_DB_PARAM": OPTIONS + "&allowPublicKeyRetrieval=true",
    }


class ContainerCase(SynchronousTestCase):
    """Nodes that end with the test."""

    def node(self, port: int = 0) -> ContainerNode:
        node = ContainerNode(port)
        self.addCleanup(shutil.rmtree, node.home, ignore_errors=True)
        self.addCleanup(node.end)
        return node

    def three(self, host: str, **variables: str) -> list[ContainerNode]:
        """Started at the same time; C{host}: as NACOS_SERVERS has it."""
        ports: list[int] = []
        while len(ports) < 3:
            port = free_port()
            if apart(port, ports):
                ports.append(port)
        nodes = [self.node(port) for port in ports]
        servers = " ".join(f"{host}:{port}" for port in ports)
        home = nodes[0].home  # each container has its own; nodes of one machine share the secret that is made there
        for node in nodes:
            node.run(NACOS_SERVERS=servers, **{"HOME": home, **variables})
        for node in nodes:
            node.wait_ready()
        return nodes

    def first_admin(self, node: ContainerNode) -> dict[str, str]:
        """Log in as the line of the start says; the header with a token."""
        made = node.request("POST", "/nacos/v1/auth/users/admin", body=b"password=of-the-test", headers=FORM)
        self.assertEqual(made.status, 200, made)
        return self.log_in(node)

    def log_in(self, node: ContainerNode, password: str = "of-the-test") -> dict[str, str]:
        body = urlencode({"username": "nacos", "password": password}).encode()
        answer = node.request("POST", "/nacos/v1/auth/login", body=body, headers=FORM)
        self.assertEqual(answer.status, 200, answer)
        return {"Authorization": f"Bearer {answer.json['accessToken']}"}

    def publish(self, node: ContainerNode, headers: dict[str, str]) -> Answer:
        asked = {"dataId": "d", "group": "g", "content": "of a container"}
        return node.request("POST", "/nacos/v1/cs/configs", asked, headers=headers)

    def published(self, node: ContainerNode, headers: dict[str, str]) -> None:
        """It gives what was published."""
        asked = {"dataId": "d", "group": "g"}

        def given() -> bool:
            return node.request("GET", "/nacos/v1/cs/configs", asked, headers=headers).text == "of a container"

        wait_for(given, why="the config")

    def works(self, nodes: list[ContainerNode], password: str = "") -> None:
        """
        Nobody gets in without a login; with one a config comes from the first to the last node.

        @param password: that of the user nacos, whom the script for MySQL makes; "": there is nobody yet.
        """
        self.assertEqual(self.publish(nodes[0], {}).status, 403)
        headers = self.log_in(nodes[0], password) if password else self.first_admin(nodes[0])
        self.assertEqual(self.publish(nodes[0], headers).status, 200)
        self.published(nodes[-1], headers)


class AloneTests(ContainerCase):
    """One container."""

    def test_nothing(self) -> None:
        """Told nothing it starts, asks for logins and says once how to log in; SIGTERM ends it in order."""
        node = self.node()
        node.run()
        node.wait_ready()
        self.assertEqual(node.said.count("there is no administrator yet"), 1, node.said)
        for probe in ("liveness", "readiness"):  # as charts for Nacos 3 have them, on the console's port
            with urlopen(f"http://127.0.0.1:{node.console}/v3/console/health/{probe}", timeout=60) as answer:
                self.assertEqual(json.load(answer)["data"], "ok")
        self.works([node])
        self.assertEqual(node.end(), 0)
        node.run(JVM_XMS="1g", JVM_XMX="1g", JAVA_OPT="-Dx=y")
        node.wait_ready()
        self.assertEqual(node.said.count("there is no administrator yet"), 1, node.said)
        self.assertEqual(node.said.count("JVM_XMS, JVM_XMX, JAVA_OPT: no effect"), 1, node.said)
        self.published(node, self.log_in(node))

    def test_health_and_notice(self) -> None:
        """HEALTHCHECK's command says how it is; systemd is told of its start and of its end."""
        node = self.node()
        self.assertEqual(node.health(), 1)
        name = os.path.join(node.home, "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.bind(name)
            channel.settimeout(300)
            node.run(NOTIFY_SOCKET=name, NACOS_LOGS_FORMAT="json")
            self.assertEqual(channel.recv(100), b"READY=1")
            node.wait_ready()
            self.assertEqual((node.health(), node.health("--live")), (0, 0))
            self.assertEqual(node.end(), 0)
            self.assertEqual(channel.recv(100), b"STOPPING=1")
        messages = [json.loads(line)["message"] for line in node.said.splitlines()]
        self.assertTrue(any("started successfully" in message for message in messages), node.said)

    def test_standalone_derby(self) -> None:
        """example/standalone-derby.yaml."""
        node = self.node()
        node.run(PREFER_HOST_MODE="hostname", MODE="standalone", **LOGIN)
        node.wait_ready()
        self.works([node])

    def test_embedded_alone_with_a_database_that_is_not_there(self) -> None:
        """env/nacos-embedded.env names MySQL's user without a host."""
        node = self.node()
        node.run(
            PREFER_HOST_MODE="hostname", EMBEDDED_STORAGE="embedded", MODE="standalone", MYSQL_SERVICE_USER="nacos",
            MYSQL_SERVICE_DB_NAME="nacos_devtest", MYSQL_SERVICE_PORT="3306", MYSQL_SERVICE_PASSWORD="nacos", **LOGIN,
        )  # fmt: skip
        node.wait_ready()
        self.assertIn("use embedded storage", node.said)


class AloneOnMySQLTests(ContainerCase):
    """One container beside one of MySQL."""

    skip = mariadb.missing() or None

    def test_standalone_mysql(self) -> None:
        """env/nacos-standalone-mysql.env (and nacos-standlone-mysql.env, which differs in MYSQL_SERVICE_DB_PARAM)."""
        told = database()
        told["MYSQL_SERVICE_DB_PARAM"] += "&useUnicode=true&serverTimezone=Asia/Shanghai"
        node = self.node()
        node.run(PREFER_HOST_MODE="hostname", MODE="standalone", SPRING_DATASOURCE_PLATFORM="mysql", **told, **LOGIN)
        node.wait_ready()
        self.assertIn("use external storage", node.said)
        self.works([node], "nacos")

    def test_own_file(self) -> None:
        """env/custom-application-config.env: the database stands in an application.properties that is mounted."""
        node, server = self.node(), mariadb.server()
        os.mkdir(os.path.join(node.home, "conf"))
        with open(os.path.join(node.home, "conf", "application.properties"), "w") as file:
            url = server.url(server.database(), OPTIONS)
            file.write(f"db.num=1\ndb.url.0={url}\ndb.user={mariadb.USER}\ndb.password={mariadb.PASSWORD}\n")
        node.run(PREFER_HOST_MODE="hostname", MODE="standalone", SPRING_DATASOURCE_PLATFORM="mysql", **LOGIN)
        node.wait_ready()
        self.assertIn("use external storage", node.said)

    def test_image_of_1x(self) -> None:
        """env/nacos-dev.env: a master and a slave (here both are the same server)."""
        server = mariadb.server()
        told = {
            "MYSQL_MASTER_SERVICE_HOST": "127.0.0.1", "MYSQL_MASTER_SERVICE_DB_NAME": server.database(),
            "MYSQL_MASTER_SERVICE_PORT": str(server.port), "MYSQL_MASTER_SERVICE_USER": mariadb.USER,
            "MYSQL_MASTER_SERVICE_PASSWORD": mariadb.PASSWORD, "MYSQL_SLAVE_SERVICE_HOST": "127.0.0.1",
            "MYSQL_SLAVE_SERVICE_PORT": str(server.port),
        }  # fmt: skip
        node = self.node()
        node.run(PREFER_HOST_MODE="hostname", MODE="standalone", **told)
        node.wait_ready()
        self.assertIn("use external storage", node.said)


class ThreeTests(ContainerCase):
    """Three containers."""

    def test_embedded(self) -> None:
        """env/nacos-embedded.env: members by host name, no database."""
        nodes = self.three(
            socket.gethostname(), PREFER_HOST_MODE="hostname", EMBEDDED_STORAGE="embedded", MYSQL_SERVICE_USER="nacos",
            MYSQL_SERVICE_DB_NAME="nacos_devtest", MYSQL_SERVICE_PORT="3306", MYSQL_SERVICE_PASSWORD="nacos", **LOGIN,
        )  # fmt: skip
        self.works(nodes)


class ThreeOnMySQLTests(ContainerCase):
    """Three containers beside one of MySQL."""

    skip = mariadb.missing() or None

    def test_ip(self) -> None:
        """env/nacos-ip.env: members by address."""
        self.works(self.three("127.0.0.1", SPRING_DATASOURCE_PLATFORM="mysql", **database(), **LOGIN), "nacos")

    def test_hostname(self) -> None:
        """env/nacos-hostname.env: by host name."""
        self.works(self.three(socket.gethostname(), PREFER_HOST_MODE="hostname", **database(), **LOGIN), "nacos")


class PodsTests(ContainerCase):
    """Three pods of nacos-k8s's chart, each with a host name of its own, without the plugin that finds the others."""

    WITHIN = "nacos-hs.test.svc.cluster.local"

    def pod(self, number: int, port: int, hosts: str) -> ContainerNode:
        """It is not started."""
        script = f'mount --bind {hosts} /etc/hosts && hostname nacos-{number} && exec "$@"'
        prefix = ("unshare", "--uts", "--mount", "sh", "-c", script, "sh")
        node = ContainerNode(port, host=f"127.0.0.{number + 1}", prefix=prefix)
        self.addCleanup(shutil.rmtree, node.home, ignore_errors=True)
        self.addCleanup(node.end)
        return node

    def test_chart(self) -> None:
        """
        Neither MODE nor the number of replicas is told: they find each other by the service's name, and are one
        cluster, not three nodes that each stand alone.
        """
        if os.geteuid() or subprocess.run(["unshare", "--uts", "--mount", "true"], capture_output=True).returncode:
            raise SkipTest("host names of their own need root and unshare")
        port, names = free_port(), [f"nacos-{number}.{self.WITHIN}" for number in range(3)]
        with tempfile.NamedTemporaryFile("w") as hosts, nameserver() as dns:
            hosts.writelines(f"127.0.0.{number + 1} {name}\n" for number, name in enumerate(names))
            hosts.flush()
            dns.says(**{f"_http._tcp.{self.WITHIN}".replace(".", "__"): {"SRV": [[port, name] for name in names]}})
            nodes = [self.pod(number, port, hosts.name) for number in range(3)]
            for node in nodes:
                node.run(
                    NACOS_SERVER_PORT=str(port), PREFER_HOST_MODE="hostname", SERVICE_NAME="nacos-hs",
                    DOMAIN_NAME="cluster.local", POD_NAMESPACE="test", EMBEDDED_STORAGE="embedded",
                    SERVER_ADDRESS=node.host, NACOS_MEMBER_DISCOVERY_RESOLVER=f"127.0.0.1:{dns.port}", **LOGIN,
                )  # fmt: skip
            for node in nodes:
                node.wait_ready()
            self.assertEqual({node.leader() for node in nodes} - {f"{name}:{port}" for name in names}, set())
            self.works(nodes)
