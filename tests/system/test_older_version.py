"""Clusters roll from older versions to this one."""

from __future__ import annotations

import os
import subprocess
import sys

from twisted.trial.unittest import SkipTest

from tests.system.ctl import ctl
from tests.system.grpcclient import GrpcClient
from tests.system.nodes import ROOT, RealNode, wait_for
from tests.system.test_membership import MEMBER, Changing
from tests.system.writers import writing

BEFORE = "d6be92a"
"""The last commit whose leaders make the cluster what their cluster.conf says."""

WITHOUT_OVERRIDES = "34ed37c"
"""The last commit that forgets what operators change of clients' instances (see L{tests.system.test_overrides})."""


class RollingTests(Changing):
    """Three nodes of an older version, one after the other."""

    def older(self, folder: str, commit: str = BEFORE) -> str:
        """Its sources, out of the repository."""
        target = os.path.join(folder, "older")
        os.makedirs(target)
        packed = subprocess.run(["git", "archive", commit, "nacos_tw"], cwd=ROOT, capture_output=True)
        if packed.returncode:
            raise SkipTest(f"the commit {commit} is not here")
        subprocess.run(["tar", "-x", "-C", target], input=packed.stdout, check=True)
        return target

    def roll(self, node: RealNode, process: subprocess.Popen[bytes]) -> None:
        """It is stopped, and started with this version."""
        process.terminate()
        process.wait()
        node.start()
        wait_for(node.ready, why=f"{node.address} to be ready")

    def begin(self, node: RealNode, sources: str) -> subprocess.Popen[bytes]:
        """Start a node of the version before."""
        environment = {**node.environment(), "PYTHONPATH": sources}
        python = os.path.join(environment["NACOS_TW_VENV"], "bin", "python")
        if not os.path.exists(python):
            python = sys.executable
        with open(os.path.join(node.home, "older.out"), "wb") as output:
            process = subprocess.Popen(
                [python, "-m", "nacos_tw", "--home", node.home], cwd=node.home, env=environment, stdout=output,
                stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            )  # fmt: skip

        def end() -> None:
            process.kill()
            process.wait()

        self.addCleanup(end)
        return process

    def test_one_by_one(self) -> None:
        """
        No write fails that was acknowledged; changes are refused while one is of the version before, whoever leads, and
        made when none is.
        """
        nodes = self.prepared()
        sources = self.older(nodes.folder)
        processes = [self.begin(node, sources) for node in nodes.nodes]
        nodes.wait_ready()
        first, second, third = nodes.nodes
        self.assertEqual(first.request("GET", f"{MEMBER}/list").status, 404)
        with writing([third], ephemeral="false") as writers:
            for node, process in zip((first, second), processes, strict=False):
                self.roll(node, process)
                self.assertOk(node.register("s", f"10.0.1.{node.port % 250}", ephemeral="false"))
            wait_for(lambda: first.leader() and second.leader())
            answer = first.request("PUT", f"{MEMBER}/demote", {"member": second.address})
            self.assertIn(answer.status, (409, 503), answer)  # by a leader of this version, or of the one before
        processes[2].terminate()
        processes[2].wait()
        third.start()
        nodes.wait_ready()
        self.assertKept(nodes.nodes, writers)
        wait_for(lambda: self.known(first), why="the log to have the ids")
        follower = nodes.followers()[0]
        self.assertEqual(self.change(first, "PUT", "/demote", member=follower.address).status, 200)
        self.assertRoles(nodes.nodes, [node for node in nodes.nodes if node is not follower], (follower,))
        wait_for(
            lambda: self.change(first, "PUT", "/promote", member=follower.address).status == 200,
            why="it to be promoted",
        )
        self.assertRoles(nodes.nodes, nodes.nodes)
        self.assertOk(follower.register("s", "10.0.2.1", ephemeral="false"))

    def test_overrides(self) -> None:
        """
        While one member is older, a change of a client's instance is lost by its next registration, at all nodes alike;
        when none is, it stays, and that does not end with who was the leader or the client's node. The same goes for
        the name that a client gives a persistent instance.
        """
        nodes = self.prepared()
        sources = self.older(nodes.folder, WITHOUT_OVERRIDES)
        processes = [self.begin(node, sources) for node in nodes.nodes]
        nodes.wait_ready()
        first, second, third = nodes.nodes
        for node, process in zip((first, second), processes, strict=False):
            self.roll(node, process)
        client = GrpcClient(first)
        self.taken_out(client, second, nodes.nodes)
        self.assertTrue(client.register("s", "10.0.0.1")["success"])
        for node in nodes.nodes:
            wait_for(lambda node=node: node.ips("s") == {"10.0.0.1"}, why=f"{node.address} to list it")  # type: ignore[misc]
        self.named(client, nodes.nodes, "10.0.0.9#8080#DEFAULT#DEFAULT_GROUP@@stored")
        self.roll(third, processes[2])
        nodes.wait_ready()
        self.named(client, nodes.nodes, "mine")
        self.taken_out(client, second, nodes.nodes)
        for _ in range(2):
            self.assertTrue(client.register("s", "10.0.0.1")["success"])
            self.assertTrue(client.register("other", "10.0.0.1")["success"])
            self.assertEverywhere(nodes.nodes, "other", {"10.0.0.1"})
            self.assertEverywhere(nodes.nodes, "s", set())
            client = GrpcClient(third)
        said = ctl(first.address, "-o", "json", "endpoint", "hashkv")
        self.assertEqual(sorted((row["node"], row["differs"]) for row in said.json),
                         sorted((node.address, "") for node in nodes.nodes))  # fmt: skip

    def named(self, client: GrpcClient, nodes: list[RealNode], shown: str) -> None:
        """A client gives a persistent instance a name, and all nodes show that one."""
        instance = {"ip": "10.0.0.9", "port": 8080, "ephemeral": False, "instanceId": "mine"}
        body = {"namespace": "public", "groupName": "DEFAULT_GROUP", "serviceName": "stored",
                "type": "registerInstance", "instance": instance}  # fmt: skip

        def ids(node: RealNode) -> list[str]:
            hosts = node.request("GET", "/nacos/v1/ns/instance/list", {"serviceName": "stored"}).json["hosts"]
            return [host["instanceId"] for host in hosts]

        def all_show_it() -> bool:
            self.assertTrue(client.ask("PersistentInstanceRequest", body)["success"])
            return all(ids(node) == [shown] for node in nodes)

        wait_for(all_show_it, why=f"all to show {shown}")

    def taken_out(self, client: GrpcClient, node: RealNode, nodes: list[RealNode]) -> None:
        """The client's instance is registered, and an operator takes it out of service."""
        self.assertTrue(client.register("s", "10.0.0.1")["success"])
        change = {"serviceName": "s", "ip": "10.0.0.1", "port": 8080, "enabled": "false"}
        self.assertEqual(node.request("PUT", "/nacos/v2/ns/instance", change).status, 200)
        self.assertEverywhere(nodes, "s", set())
