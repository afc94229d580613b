"""A cluster rolls from the version before members were changed by commands to this one."""

from __future__ import annotations

import os
import subprocess
import sys

from twisted.trial.unittest import SkipTest

from tests.system.nodes import ROOT, RealNode, wait_for
from tests.system.test_membership import MEMBER, Changing
from tests.system.writers import writing

BEFORE = "d6be92a"
"""The last commit whose leaders make the cluster what their cluster.conf says."""


class RollingTests(Changing):
    """Three nodes of the version before, one after the other."""

    def older(self, folder: str) -> str:
        """Its sources, out of the repository."""
        target = os.path.join(folder, "older")
        os.makedirs(target)
        packed = subprocess.run(["git", "archive", BEFORE, "nacos_tw"], cwd=ROOT, capture_output=True)
        if packed.returncode:
            raise SkipTest(f"the commit {BEFORE} is not here")
        subprocess.run(["tar", "-x", "-C", target], input=packed.stdout, check=True)
        return target

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
                process.terminate()
                process.wait()
                node.start()
                wait_for(node.ready, why=f"{node.address} to be ready")
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
