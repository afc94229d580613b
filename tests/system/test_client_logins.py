"""
Clients that other people wrote, with a name and a password, against three real nodes that ask for logins: right, wrong,
without the right to write, and with tokens that hold for seconds.
"""

from __future__ import annotations

import subprocess
import sys
import weakref

from twisted.trial.unittest import SkipTest

from tests.system.clients import JAVA_VERSIONS, ClientCase, need
from tests.system.login_nodes import LoginCluster, create, shared_logins
from tests.system.test_logins import BY_PROPERTY

NAMESPACE, PASSWORD = "sdk", "P@ss word+%&=\u00e9"
STAGES = ["writer", "reader", "wrong", "listener"]
SHORT = f"{BY_PROPERTY}\nnacos.core.auth.default.token.expire.seconds=3"


_filled: weakref.WeakSet[LoginCluster] = weakref.WeakSet()
"""Those that have the users."""


def filled(properties: str) -> LoginCluster:
    """
    Three nodes; a user that may write to the namespace, one that may read it, and two with whose names others try: the
    second one for a client that waits no longer than 6 s, when the first one's logins are slowed already.
    """
    cluster = shared_logins(3, properties)
    if cluster in _filled:
        return cluster
    _filled.add(cluster)
    node = cluster.nodes[0]
    namespaces = "/nacos/v1/console/namespaces"
    made = {"customNamespaceId": NAMESPACE, "namespaceName": NAMESPACE, "namespaceDesc": ""}
    token = node.request(
        "POST", "/nacos/v1/auth/login", {"username": "nacos", "password": BY_PROPERTY.partition("=")[2]}
    )
    node.request("POST", namespaces, {**made, "accessToken": token.json["accessToken"]})
    for name, action in (("sdk-writer", "rw"), ("sdk-reader", "r"), ("sdk-wrong", "rw"), ("sdk-wrong-too", "rw")):
        create(node, name, PASSWORD, (f"{NAMESPACE}:*:*", action))
        cluster.ready_for(name)
    return cluster


class ClientLoginsTests(ClientCase):
    """Each program does the same with its client."""

    def servers(self, properties: str = BY_PROPERTY) -> str:
        return ",".join(node.address for node in filled(properties).nodes)

    def test_java(self) -> None:
        """nacos-client 1.4: logs in once, and looks every few seconds whether it has to again."""
        for version in JAVA_VERSIONS:
            command = self.java(version, "LoginTrial")
            self.passes([*command, self.servers(), NAMESPACE, PASSWORD, *STAGES], STAGES)
            self.passes([*command, self.servers(SHORT), NAMESPACE, PASSWORD, "expiry"], ["expiry"])

    def test_go(self) -> None:
        """nacos-sdk-go 1.1: logs in when it is made, and by a timer."""
        program = self.go("go", "login")
        self.passes([program, self.servers(), self.folder, NAMESPACE, PASSWORD, *STAGES], STAGES)
        self.passes([program, self.servers(SHORT), self.folder, NAMESPACE, PASSWORD, "expiry"], ["expiry"])

    def test_node(self) -> None:
        """The npm package nacos: sends name and password with each request."""
        need("node", "npm")
        self.copy("node")
        self.fetch("npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts")
        for stage in STAGES:
            self.passes(["node", "login.js", self.servers(), NAMESPACE, PASSWORD, stage], [stage])

    def test_python(self) -> None:
        """nacos-sdk-python 0.1: logs in when it is made, and before a request when its token is old."""
        if subprocess.run([sys.executable, "-c", "import nacos.listener"], stderr=subprocess.DEVNULL).returncode:
            raise SkipTest("nacos-sdk-python 0.1 is not installed")
        self.copy("python")
        program = [sys.executable, "login.py"]
        self.passes([*program, self.servers(), NAMESPACE, PASSWORD, self.folder, *STAGES], STAGES)
        self.passes([*program, self.servers(SHORT), NAMESPACE, PASSWORD, self.folder, "expiry"], ["expiry"])
