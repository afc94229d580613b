"""The routes of the members, and orders that go from node to node."""

from __future__ import annotations

from nacos_tw.cluster.operations.membership import Membership, questions_of
from nacos_tw.cluster.problems import ChangeRefused, MemberUnknown
from nacos_tw.cluster.requests import MemberChange, Verb
from tests.access.lines import Lines
from tests.http.api.case import ApiTestCase, FakeGroup
from tests.http.v1.fakes import A, B, members

MEMBER, LEADER = "/v3/admin/core/cluster/member", "/v3/admin/core/raft/leader"
C = "10.0.0.4:8848"


class MembershipRouteTests(ApiTestCase):
    """This node is A and leads; B is a learner."""

    def test_list(self) -> None:
        """All that the log has, for operators and for a browser."""
        found = self.data("GET", f"{MEMBER}/list")
        self.assertEqual(found, self.data("GET", "/v3/console/core/cluster/member/list"))
        self.assertEqual([each["role"] for each in found["members"]], ["voter", "learner"])
        self.assertEqual(
            found["members"][1],
            {
                "name": B, "id": "", "address": B, "raftAddress": "10.0.0.2:7848", "role": "learner", "joining": True,
                "leader": False, "lag": 7, "connected": False, "state": "DOWN", "version": "",
            },
        )  # fmt: skip
        self.assertEqual((found["leader"], found["term"], found["configIndex"], found["settled"]), (A, 4, 9, True))
        self.assertEqual(found["removed"], [{"name": "10.0.0.9:8848", "id": "x"}])

    def test_changes(self) -> None:
        """Each route asks for one change, and answers with the members."""
        for method, what, fields, wanted in (
            ("POST", "", {"address": C}, MemberChange(Verb.ADD, "", C)),
            (
                "POST",
                "",
                {"address": C, "raftAddress": "10.0.0.4:1", "id": "i", "voter": "true", "force": "true"},
                MemberChange(Verb.ADD, "", C, "10.0.0.4:1", "i", joins=True, force=True),
            ),
            ("PUT", "", {"member": B, "address": C}, MemberChange(Verb.UPDATE, B, C)),
            ("DELETE", "", {"member": B, "force": "true"}, MemberChange(Verb.REMOVE, B, force=True)),
            ("PUT", "/promote", {"member": B}, MemberChange(Verb.PROMOTE, B)),
            ("PUT", "/demote", {"member": B}, MemberChange(Verb.DEMOTE, B)),
            ("PUT", "/replace", {"member": B, "address": C}, MemberChange(Verb.REPLACE, B, C)),
        ):
            found = self.data(method, MEMBER + what, **fields)
            self.assertEqual(self.group.made.pop(), wanted)
            self.assertEqual(len(found["members"]), 2)

    def test_refused(self) -> None:
        """With the reason, and its facts."""
        for problem, status, code, text in (
            (ChangeRefused("behind", B, number=1234), 409, 20005, "lacks 1234 log entries"),
            (ChangeRefused("majority", number=1, of=3), 409, 20005, "of the 3 voters that there would be only 1 are"),
            (MemberUnknown("x"), 404, 20004, "x is no member"),
        ):
            self.group.problem = problem
            reply = self.ask("PUT", f"{MEMBER}/promote", member=B)
            self.assertEqual(reply.status, status)
            self.assertIn(f'"code":{code}', reply.body.decode())
            self.assertIn(text, reply.body.decode())

    def test_leader(self) -> None:
        """Who leads, and handing over."""
        self.assertEqual(self.data("GET", LEADER)["role"], "LEADER")
        self.assertIsNone(self.data("PUT", LEADER))
        self.assertEqual(self.ask("PUT", LEADER, member="nobody").status, 500)

    def test_passed_on(self) -> None:
        """A follower asks the leader; its refusal comes back with all its facts."""
        there, of_b = FakeGroup(leads=B), members()
        of_b.own_name = B
        self.answers.known[B] = questions_of(Membership(there, of_b, self.others, Lines()))
        self.group.leads = B
        self.data("DELETE", MEMBER, member=A)
        self.assertEqual((self.group.made, there.made), ([], [MemberChange(Verb.REMOVE, A)]))
        there.problem = ChangeRefused("taken", C, "10.0.0.5:8848")
        reply = self.ask("POST", MEMBER, address=C)
        self.assertEqual(reply.status, 409)
        self.assertIn("10.0.0.4:8848 is where the member 10.0.0.5:8848 is", reply.body.decode())
        there.problem = MemberUnknown("x")
        self.assertEqual(self.ask("DELETE", MEMBER, member="x").status, 404)
        there.problem, there.goes, there.leads = None, True, B  # it hands over and over
        self.assertEqual(self.ask("DELETE", MEMBER, member=A).status, 503)
        there.leads = A  # to this node
        self.data("DELETE", MEMBER, member=A)
        self.assertEqual(self.group.made, [MemberChange(Verb.REMOVE, A)])

    def test_no_leader(self) -> None:
        """Nobody can do it."""
        self.group.leads = ""
        self.assertEqual(self.ask("DELETE", MEMBER, member=A).status, 503)
