"""The members change: whole nodes in this process, by the routes."""

from __future__ import annotations

import json
import os
import shutil
from typing import Any

from nacos_tw.membership import Group
from nacos_tw.service import NacosNode
from tests.system.nodes import apart, free_port
from tests.test_service import REGISTER, Together, call, until

MEMBER = "/nacos/v3/admin/core/cluster/member"


class MembershipTests(Together):
    """By commands."""

    async def change(self, node: NacosNode, method: str, what: str) -> tuple[int, str]:
        """Ask for a change; again while another one is under way, or nobody leads."""
        while True:
            status, text = await call(node.settings.port, method, MEMBER + what)
            if "another change is under way" not in text and "no leader" not in text:
                return status, text

    async def made(self, node: NacosNode, method: str, what: str) -> None:
        """A change is made."""
        status, text = await self.change(node, method, what)
        self.assertEqual(status, 200, text)

    async def view(self, node: NacosNode) -> dict[str, Any]:
        """The members as that node's log has them."""
        found: dict[str, Any] = json.loads((await call(node.settings.port, "GET", f"{MEMBER}/list"))[1])["data"]
        return found

    def known(self, node: NacosNode) -> bool:
        """Whether the log has the id of each member."""
        config = node.node.core.config
        return all(config.record(name).id for name in config.names)

    def leader(self, nodes: list[NacosNode]) -> NacosNode:
        """The one that leads."""
        return next(node for node in nodes if node.node.is_leader)

    async def follows(self, nodes: list[NacosNode], voters: list[NacosNode], *learners: NacosNode) -> None:
        """All know these members, and are in order."""
        wanted = {node.name for node in voters}, {node.name for node in learners}

        def knows(node: NacosNode) -> bool:
            config = node.node.core.config
            return (set(config.voters), set(config.learners)) == wanted and not node.node.reason()

        await until(lambda: all(map(knows, nodes)))

    def newcomer(self) -> NacosNode:
        """A fourth node, that is not started."""
        port = self.another_port()
        return self.start(self.settings(self.home(*self.ports, port), port))

    def another_port(self) -> int:
        """Of a node that could run beside these."""
        port = free_port()
        while not apart(port, self.ports):
            port = free_port()
        return port

    async def test_come_and_go(self) -> None:
        """A node is taken in, serves, is promoted; the leader is removed, and says so."""
        nodes = await self.together()
        new = self.newcomer()
        await until(lambda: self.known(nodes[0]))
        await self.made(nodes[0], "POST", f"?address={new.name}")
        await self.follows([*nodes, new], nodes, new)
        self.assertEqual(await call(new.settings.port, "POST", REGISTER.format(1)), (200, "ok"))
        self.assertEqual((await self.change(nodes[1], "POST", f"?address={new.name}"))[0], 409)
        self.assertEqual((await self.change(nodes[1], "PUT", "/promote?member=nobody"))[0], 404)
        await self.made(nodes[2], "PUT", f"/promote?member={new.name}")
        await self.follows([*nodes, new], [*nodes, new])
        leader = self.leader([*nodes, new])
        stay = [node for node in (*nodes, new) if node is not leader]
        await self.made(stay[0], "DELETE", f"?member={leader.name}")
        await self.follows(stay, stay)
        await until(lambda: leader.node.expelled)
        self.assertIn("was removed from the cluster", leader.node.reason())
        status, text = await call(leader.settings.port, "GET", f"{MEMBER}/list")
        self.assertEqual(status, 503)
        self.assertIn("was removed", text)
        self.assertEqual(await call(stay[0].settings.port, "POST", REGISTER.format(2)), (200, "ok"))
        removed = (await self.view(stay[0]))["removed"]
        self.assertEqual([gone["name"] for gone in removed], [leader.name])
        assert isinstance(leader.group, Group)
        self.assertEqual([gone["id"] for gone in removed], [leader.group.own.id])

    async def test_demoted_and_back(self) -> None:
        """A leader that is demoted hands over first; what would leave no live majority is refused."""
        nodes = await self.together()
        await until(lambda: self.known(nodes[0]))
        leader = self.leader(nodes)
        stay = [node for node in nodes if node is not leader]
        await self.made(leader, "PUT", f"/demote?member={leader.name}")
        await self.follows(nodes, stay, leader)
        follower = next(node for node in stay if not node.node.is_leader)
        await self.stop(leader)
        for _ in range(2):
            status, text = await self.change(stay[0], "PUT", f"/promote?member={leader.name}")
            self.assertEqual(status, 409)
            self.assertIn("does not hear", text)
        await self.made(stay[0], "DELETE", f"?member={leader.name}")
        await self.made(stay[0], "DELETE", f"?member={follower.name}")
        (left,) = (node for node in stay if node is not follower)
        status, text = await self.change(left, "DELETE", f"?member={left.name}")
        self.assertEqual((status, "is the only voter" in text), (409, True))

    async def test_hangs(self) -> None:
        """A member whose links stand, but that answers nothing, counts as dead: it becomes no voter, and no change is
        made that would need it."""
        nodes = await self.together()
        await until(lambda: self.known(nodes[0]))

        async def refused(method: str, what: str, why: str) -> None:
            """The leader, whoever that is now, has not heard of one for a while that its link goes to."""

            def silent() -> bool:
                leads = [node for node in nodes if node.node.core.leading is not None and node is not hangs]
                return any(
                    node.peers is not None
                    and node.peers.connected(hangs.name)
                    and node.node.core.leading is not None
                    and not node.node.core.leading.answers(hangs.name, node.node.seconds())
                    for node in leads
                )

            await until(silent)
            status, text = await self.change(other, method, what)
            self.assertEqual((status, why in text), (409, True), text)

        hangs, other = [node for node in nodes if not node.node.is_leader][:2]
        await self.made(other, "PUT", f"/demote?member={hangs.name}")
        hangs.node.running = False
        await refused("PUT", f"/promote?member={hangs.name}", "does not hear")
        hangs.node.running = True
        while (await self.change(other, "PUT", f"/promote?member={hangs.name}"))[0] != 200:
            pass  # it has to catch up
        await self.follows(nodes, nodes)
        hangs.node.running = False
        await refused("DELETE", f"?member={other.name}", "which is no majority")
        hangs.node.running = True

    async def test_mistyped(self) -> None:
        """A learner at an address where nobody is hinders no other change, can be removed, and holds up no level."""
        nodes = await self.together()
        await until(lambda: self.known(nodes[0]))
        leader = self.leader(nodes)
        assert leader.peers is not None
        wrong = f"127.0.0.1:{self.another_port()}"
        await until(lambda: leader.peers is not None and leader.peers.level() > 0)
        level = leader.peers.level()
        await self.made(leader, "POST", f"?address={wrong}&voter=true")
        self.assertEqual(leader.peers.level(), level)
        follower = next(node for node in nodes if node is not leader)
        await self.made(leader, "PUT", f"/demote?member={follower.name}")
        await self.made(leader, "PUT", f"/promote?member={follower.name}")
        status, text = await self.change(leader, "PUT", f"/promote?member={wrong}")
        self.assertEqual((status, "remove it if its address is wrong" in text), (409, True))
        await self.made(follower, "DELETE", f"?member={wrong}")
        await self.follows(nodes, nodes)

    async def test_torn_file_and_lost_folder(self) -> None:
        """A node starts with a torn cluster.conf; one that lost its folder comes back by itself, with another id."""
        nodes = await self.together()
        await until(lambda: self.known(nodes[0]))
        before = {member["name"]: member["id"] for member in (await self.view(nodes[0]))["members"]}
        torn = next(node for node in nodes if not node.node.is_leader)
        await self.stop(torn)
        with open(os.path.join(torn.settings.home, "conf", "cluster.conf"), "w") as file:
            file.write("127.0.")
        again = self.start(self.settings(torn.settings.home, torn.settings.port))
        nodes[nodes.index(torn)] = again
        await self.follows(nodes, nodes)
        self.assertEqual(again.settings.listed, ())
        lost = next(node for node in nodes if not node.node.is_leader and node is not again)
        await self.stop(lost)
        shutil.rmtree(lost.settings.data)
        self.assertEqual(await call(again.settings.port, "POST", REGISTER.format(1)), (200, "ok"))
        empty = self.start(self.settings(lost.settings.home, lost.settings.port))
        nodes[nodes.index(lost)] = empty
        leader = self.leader(nodes)
        await until(lambda: leader.node.core.config.record(empty.name).id not in ("", before[empty.name]))
        await self.follows(nodes, nodes)
        self.assertTrue(empty.registry.services)

    async def test_another_address(self) -> None:
        """A node that comes back elsewhere is followed, and keeps its name."""
        nodes = await self.together()
        await until(lambda: self.known(nodes[0]))
        moves = next(node for node in nodes if not node.node.is_leader)
        await self.stop(moves)
        port = self.another_port()
        home = moves.settings.home
        with open(os.path.join(home, "conf", "cluster.conf"), "w") as file:
            file.writelines(f"127.0.0.1:{other}\n" for other in (*self.ports, port) if other != moves.settings.port)
        moved = self.start(self.settings(home, port))
        nodes[nodes.index(moves)] = moved
        self.assertEqual(moved.name, moves.name)
        await self.follows(nodes, nodes)
        leader = self.leader(nodes)
        await until(lambda: leader.node.core.config.record(moved.name).http == f"127.0.0.1:{port}")
        self.assertEqual({member.address for member in leader.members}, {f"127.0.0.1:{n.settings.port}" for n in nodes})
        self.assertEqual(await call(port, "POST", REGISTER.format(1)), (200, "ok"))
