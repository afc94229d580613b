"""The members change while real nodes run and are written to (docs/operations.md, adding and removing nodes)."""

from __future__ import annotations

import os
import shutil
from typing import Any

from tests.system.clustered import Clustered
from tests.system.nodes import Answer, RealCluster, RealNode, apart, free_port, wait_for
from tests.system.writers import writing

MEMBER = "/nacos/v3/admin/core/cluster/member"
LEADER = "/nacos/v3/admin/core/raft/leader"


class Changing(Clustered):
    """What the tests share."""

    def prepared(self) -> RealCluster:
        """Three nodes that are not started; they end with the test."""
        nodes = RealCluster()
        self.addCleanup(nodes.close)
        return nodes

    def newcomer(self, nodes: RealCluster) -> RealNode:
        """A node with an empty home, that is not started; its list names the others and itself."""
        port = free_port()
        while not apart(port, [node.port for node in nodes.nodes]):
            port = free_port()
        node = RealNode(os.path.join(nodes.folder, f"node{len(nodes.nodes) + 1}"), port)
        os.makedirs(os.path.join(node.home, "conf"))
        with open(os.path.join(node.home, "conf", "application.properties"), "w") as file:
            file.write(f"server.port={port}\n")
        self.listed(node, [*nodes.nodes, node])
        nodes.nodes.append(node)
        return node

    def listed(self, node: RealNode, members: list[RealNode]) -> None:
        """Write its cluster.conf."""
        with open(os.path.join(node.home, "conf", "cluster.conf"), "w") as file:
            file.writelines(f"{member.address}\n" for member in members)

    def move(self, node: RealNode, members: list[RealNode]) -> None:
        """It gets another address, before it starts."""
        port = free_port()
        while not apart(port, [each.port for each in members]):
            port = free_port()
        node.port, node.address = port, f"127.0.0.1:{port}"
        with open(os.path.join(node.home, "conf", "application.properties"), "w") as file:
            file.write(f"server.port={port}\n")
        self.listed(node, members)

    def view(self, node: RealNode) -> dict[str, Any]:
        """
        The members as that node's log has them.

        @raise ValueError: it does not say it now.
        """
        answer = node.request("GET", f"{MEMBER}/list")
        if answer.status != 200:
            raise ValueError(answer)
        found: dict[str, Any] = answer.json["data"]
        return found

    def roles(self, node: RealNode) -> dict[str, str]:
        """The role of each member, by address."""
        return {each["address"]: each["role"] for each in self.view(node)["members"]}

    def ids(self, node: RealNode) -> list[str]:
        """The ids of the members."""
        return [each["id"] for each in self.view(node)["members"]]

    def known(self, node: RealNode) -> bool:
        """Whether the log has the id of each member."""
        view = self.view(node)
        return bool(view["settled"]) and all(self.ids(node))

    def change(self, node: RealNode, method: str, what: str = "", **params: str) -> Answer:
        """Ask for a change; again while another one is under way."""
        answers: list[Answer] = []

        def made() -> bool:
            answers.append(node.request(method, MEMBER + what, params))
            busy = answers[-1].status == 409 and "another change is under way" in answers[-1].text
            return not busy

        wait_for(made, why=f"{method} {what} to be taken")
        return answers[-1]

    def assertRoles(self, asked: list[RealNode], voters: list[RealNode], learners: tuple[RealNode, ...] = ()) -> None:
        """All know these members."""
        wanted = {node.address: "voter" for node in voters} | {node.address: "learner" for node in learners}
        for node in asked:
            wait_for(lambda node=node: self.roles(node) == wanted, why=f"{node.address} to know {wanted}")  # type: ignore[misc]


class MembershipTests(Changing):
    """One cluster of three, with what can be done to it, in a row: nodes take a while to start."""

    def test_members_come_and_go(self) -> None:
        """
        A learner serves and is promoted; the leader is removed, says so and stops serving; what was acknowledged
        meanwhile stays, and no write at the others fails.
        """
        nodes = self.cluster()
        old = list(nodes.nodes)
        leader = nodes.leader()  # whom a newcomer does not know
        new = self.newcomer(nodes)
        new.start()
        wait_for(lambda: self.known(old[0]), why="the log to have the ids")
        stay = [node for node in old if node is not leader]
        with writing(stay, ephemeral="false") as writers:
            self.assertEqual(self.change(stay[0], "POST", address=new.address).status, 200)
            self.assertRoles([*old, new], old, (new,))
            wait_for(new.ready)
            self.assertOk(new.register("learner", "10.0.0.9", ephemeral="false"))  # it passes writes on
            self.assertEverywhere([*old, new], "learner", {"10.0.0.9"})
            self.assertEqual(self.change(stay[0], "POST", address=new.address).status, 409)
            wait_for(
                lambda: self.change(stay[1], "PUT", "/promote", member=new.address).status == 200,
                why="the learner to have caught up",
            )
            self.assertRoles([*old, new], [*old, new])
            self.assertEqual(self.change(stay[0], "DELETE", member=leader.address).status, 200)
            self.assertRoles([*stay, new], [*stay, new])
            self.assertNotEqual(nodes_leader(stay), leader.address)
        for writer in writers:
            self.assertEqual([text for text in writer.failures if text.startswith("5")], [])
        self.assertKept([*stay, new], writers)
        wait_for(lambda: "was removed from the cluster" in leader.readiness().text, why="the removed one to say so")
        self.assertEqual(leader.request("GET", "/nacos/v1/ns/instance/list", {"serviceName": "learner"}).status, 503)
        leader.stop()
        leader.start()
        wait_for(lambda: "was removed from the cluster" in leader.readiness().text, why="it to be told again")
        self.assertIn(leader.address, [gone["name"] for gone in self.view(stay[0])["removed"]])

    def test_files_disks_and_addresses(self) -> None:
        """
        A torn cluster.conf changes nothing; a voter that lost its disk comes back as a learner and is promoted by
        itself; a node that comes back at another address is followed.
        """
        nodes = self.cluster()
        first, second, third = nodes.nodes
        wait_for(lambda: self.known(first), why="the log to have the ids")
        with open(os.path.join(second.home, "conf", "cluster.conf"), "w") as file:
            file.write(f"{second.address}\n127.0.")
        second.stop()
        second.start()
        wait_for(second.ready)
        self.assertRoles(nodes.nodes, nodes.nodes)
        before = self.ids(first)
        third.kill()
        shutil.rmtree(os.path.join(third.home, "data"))
        self.assertOk(first.register("s", "10.0.0.1", ephemeral="false"))
        third.start()
        wait_for(lambda: set(self.ids(first)) != set(before), why="the log to have the new id")
        self.assertRoles(nodes.nodes, nodes.nodes)
        wait_for(third.ready)
        self.assertEverywhere(nodes.nodes, "s", {"10.0.0.1"})
        second.stop()
        old = second.address
        self.move(second, nodes.nodes)
        second.start()
        wait_for(second.ready)
        self.assertRoles(nodes.nodes, nodes.nodes)
        self.assertEqual(set(first.members()), {node.address for node in nodes.nodes})
        self.assertIn(old, [each["name"] for each in self.view(first)["members"]])
        self.assertOk(second.register("s", "10.0.0.2", ephemeral="false"))
        self.assertEverywhere(nodes.nodes, "s", {"10.0.0.1", "10.0.0.2"})


class AbsentTests(Changing):
    """A member that is away while others change."""

    def test_all_others_replaced(self) -> None:
        """It comes back when nobody is a member any more whom its log names, and is needed at once, to elect a
        leader."""
        nodes = self.cluster()
        first, second, away = nodes.nodes
        for node in (nodes.nodes[0], away):  # a node knows its own id before the log does
            wait_for(lambda node=node: self.known(node), why="the log to have the ids")  # type: ignore[misc]
        away.stop()
        new = [self.newcomer(nodes), self.newcomer(nodes)]
        self.exchange([first, second], away, new[0])
        self.exchange([second, new[0]], away, new[1])
        self.assertOk(new[0].register("s", "10.0.0.1", ephemeral="false"))
        new[1].stop()
        away.start()
        wait_for(away.ready)
        self.assertOk(away.register("s", "10.0.0.2", ephemeral="false"))
        new[1].start()
        wait_for(new[1].ready)
        self.assertRoles([away, *new], [away, *new])
        self.assertEverywhere([away, *new], "s", {"10.0.0.1", "10.0.0.2"})
        self.assertEqual(set(away.members()), {node.address for node in (away, *new)})
        first.start()
        wait_for(lambda: "was removed from the cluster" in first.readiness().text, why="the removed one to say so")

    def test_two_move(self) -> None:
        """Neither knows where the other is, and one of them leads: they hear it from the third."""
        nodes = self.cluster()
        first, second, away = nodes.nodes
        for node in nodes.nodes:  # a node knows its own id before the log does
            wait_for(lambda node=node: self.known(node), why="the log to have the ids")  # type: ignore[misc]
        away.stop()
        second.stop()
        self.move(second, nodes.nodes)
        second.start()
        wait_for(second.ready)
        self.assertRoles([first, second], nodes.nodes)
        name = next(each["name"] for each in self.view(first)["members"] if each["address"] == second.address)
        wait_for(
            lambda: self.view(first)["leader"] == name or first.request("PUT", LEADER, {"member": name}) is None,
            why="the one that has moved to lead",
        )
        self.move(away, nodes.nodes)
        away.start()
        wait_for(away.ready)
        self.assertRoles(nodes.nodes, nodes.nodes)

    def exchange(self, up: list[RealNode], away: RealNode, new: RealNode) -> None:
        """A new member takes the place of the first that is up."""
        old, stays = up
        new.start()
        self.assertEqual(self.change(stays, "POST", address=new.address, voter="true").status, 200)
        self.assertRoles(up, [*up, away, new])
        wait_for(lambda: self.known(stays), why="the log to have its id")
        self.assertEqual(self.change(stays, "DELETE", member=old.address).status, 200)
        self.assertRoles([stays, new], [stays, away, new])
        old.stop()

    def test_all_others_with_empty_folders(self) -> None:
        """It comes back when the others have the names that it knows, and ids that it does not know."""
        nodes = self.cluster(5)
        *others, away = nodes.nodes
        for node in (nodes.nodes[0], away):  # a node knows its own id before the log does
            wait_for(lambda node=node: self.known(node), why="the log to have the ids")  # type: ignore[misc]
        away.stop()
        for node in others:
            asked = next(other for other in others if other is not node)
            before = self.ids(asked)
            node.kill()
            shutil.rmtree(os.path.join(node.home, "data"))
            node.start()
            wait_for(lambda asked=asked, before=before: set(self.ids(asked)) != set(before), why="the new id")  # type: ignore[misc]
            self.assertRoles(others, nodes.nodes)
            wait_for(node.ready)
        self.assertOk(others[0].register("s", "10.0.0.1", ephemeral="false"))
        away.start()
        wait_for(away.ready)
        self.assertEverywhere(nodes.nodes, "s", {"10.0.0.1"})
        self.assertRoles(nodes.nodes, nodes.nodes)


def nodes_leader(nodes: list[RealNode]) -> str:
    """Who leads, as soon as one of them knows."""
    found: str = wait_for(lambda: next(filter(None, (node.leader() for node in nodes)), ""))
    return found
