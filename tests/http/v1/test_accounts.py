"""Users, roles and permissions (docs/spec/config-v1.md#12.4, #12.5, #19.44 to #19.48)."""

from __future__ import annotations

from typing import Any

from nacos_tw.auth.commands import CreateUser
from nacos_tw.errors import Unavailable
from tests.auth.fakes import Login, hash_of
from tests.http.v1.accounting import AccountsCase

USERS, ROLES, PERMISSIONS = "/v1/auth/users", "/v1/auth/roles", "/v1/auth/permissions"
MISSING = "Required request parameter '{}' for method parameter type {} is not present"


class PageMixin(AccountsCase):
    """Pages."""

    def page(self, path: str, number: int = 1, size: int = 10, **more: Any) -> list[tuple[str, ...]]:
        """The values of a page's items, after a look at its numbers."""
        found = self.json("GET", path, pageNo=number, pageSize=size, **more)
        self.assertEqual(set(found), {"totalCount", "pageNumber", "pagesAvailable", "pageItems"})
        self.assertEqual(found["pageNumber"], number)
        return [tuple(item.values()) for item in found["pageItems"]]


class UsersTests(PageMixin):
    """Users."""

    def test_create(self) -> None:
        """Only the hash of the password is kept."""
        found = self.json("POST", USERS, username="eve", password="x")
        self.assertEqual(found, {"code": 200, "message": None, "data": "create user ok!"})
        self.assertEqual(self.login.tables.written, [CreateUser("eve", hash_of("x"))])
        self.caused("user 'eve' already exist!", "POST", USERS, username="eve", password="y")

    def test_refused_names(self) -> None:
        """What does not fit, and what would break a line."""
        for name in ("", "x" * 51, "a\nb"):
            self.assertEqual(self.reply("POST", USERS, username=name, password="x").status, 400, name)
        for password in ("", "x" * 73):
            self.assertEqual(self.reply("POST", USERS, username="eve", password=password).status, 400)
        self.caused(MISSING.format("password", "String"), "POST", USERS, username="eve")
        self.assertEqual(self.login.tables.written, [])

    def test_page(self) -> None:
        """Names and hashes, by name; any size of a page."""
        self.json("POST", USERS, username="ann", password="x")
        wanted = [("ann", hash_of("x")), ("bob", hash_of("secret")), ("nacos", hash_of("first"))]
        self.assertEqual(self.page(USERS), wanted)
        self.assertEqual(self.page(USERS, 1, 2147483647), wanted)
        self.assertEqual(self.page(USERS, 2, 2), wanted[2:])
        self.assertEqual(self.page(USERS, 9, 2), [])
        self.caused(MISSING.format("pageNo", "int"), "GET", USERS, pageSize=1)

    def test_chosen(self) -> None:
        """One user, or those that match."""
        self.assertEqual(self.page(USERS, username="bob", search="accurate"), [("bob", hash_of("secret"))])
        self.assertEqual(self.page(USERS, username="bo", search="accurate"), [])
        self.assertEqual([row[0] for row in self.page(USERS, username="*o*", search="blur")], ["bob", "nacos"])
        self.assertEqual(self.json("GET", USERS + "/search", username="o"), ["bob", "nacos"])
        self.assertEqual(self.json("GET", USERS + "/search", username="x"), [])

    def test_delete(self) -> None:
        """Also one that is not there; no administrator."""
        for _ in range(2):
            self.assertEqual(self.json("DELETE", USERS, username="bob")["data"], "delete user ok!")
        self.caused("cannot delete admin: nacos", "DELETE", USERS, username="nacos")
        self.assertEqual([row[0] for row in self.page(USERS)], ["nacos"])

    def test_own_password(self) -> None:
        """
        A user may change the own password, and no other's; an administrator everybody's (docs/spec/config-v1.md#19.47).
        """
        self.forbidden("authorization failed!", "PUT", USERS, "bob", username="nacos", newPassword="evil")
        self.forbidden("unknown user!", "PUT", USERS, "", username="bob", newPassword="evil")
        self.assertEqual(self.json("PUT", USERS, "bob", username="bob", newPassword="new")["data"], "update user ok!")
        self.forbidden("token invalid!", "PUT", USERS, "bob", username="bob", newPassword="again")
        self.json("PUT", USERS, username="bob", newPassword="newer")
        self.assertEqual(self.page(USERS, username="bob"), [("bob", hash_of("newer"))])
        self.caused("user nobody not exist!", "PUT", USERS, username="nobody", newPassword="x")
        self.assertEqual(self.reply("PUT", USERS, username="bob", newPassword="").status, 400)

    def test_not_for_users(self) -> None:
        """Nor with every permission."""
        self.login.tables.permit("r", "*", "rw")
        for method, path in (
            ("GET", USERS), ("POST", USERS), ("DELETE", USERS), ("GET", USERS + "/search"),
            ("GET", ROLES), ("POST", ROLES), ("DELETE", ROLES), ("GET", ROLES + "/search"),
            ("GET", PERMISSIONS), ("POST", PERMISSIONS), ("DELETE", PERMISSIONS),
        ):  # fmt: skip
            self.forbidden("authorization failed!", method, path, "bob")
            self.forbidden("unknown user!", method, path, "")

    def test_not_written(self) -> None:
        """Without a majority nothing is changed, and that is said."""
        self.login.tables.trouble = Unavailable("no leader")
        self.caused("no leader", "POST", USERS, status=503, username="eve", password="x")
        self.caused("no leader", "PUT", USERS, status=503, username="bob", newPassword="x")
        self.caused("no leader", "DELETE", USERS, status=503, username="bob")

    def test_recorded(self) -> None:
        """Each change, with whom it is about, and no password."""
        self.json("POST", USERS, username="eve", password="hunter2")
        self.json("PUT", USERS, "bob", username="bob", newPassword="hunter3")
        self.forbidden("unknown user!", "DELETE", USERS, "", username="bob")
        self.page(USERS)
        self.assertEqual(self.lines, [
            "nacos 10.0.0.1 POST /v1/auth/users ok username=eve",
            "bob 10.0.0.1 PUT /v1/auth/users ok username=bob",
            "- 10.0.0.1 DELETE /v1/auth/users refused 403 username=bob",
        ])  # fmt: skip


class RolesTests(PageMixin):
    """Roles."""

    def test_add(self) -> None:
        """To a user that is there; never the administrators' (docs/spec/config-v1.md#19.48)."""
        self.assertEqual(self.json("POST", ROLES, role="q", username="bob")["data"], "add role ok!")
        self.caused("user 'nobody' not found!", "POST", ROLES, role="q", username="nobody")
        self.caused("user 'bob' already bound to the role 'q'!", "POST", ROLES, role="q", username="bob")
        self.caused("role 'ROLE_ADMIN' is not permitted to create!", "POST", ROLES, role="ROLE_ADMIN", username="bob")
        self.assertFalse(self.login.directory.now.identity("bob").admin)

    def test_page(self) -> None:
        """By role; of a user, or of a role."""
        self.assertEqual(self.page(ROLES), [("ROLE_ADMIN", "nacos"), ("r", "bob")])
        self.assertEqual(self.page(ROLES, username="bob"), [("r", "bob")])
        self.assertEqual(self.page(ROLES, role="R*", search="blur"), [("ROLE_ADMIN", "nacos")])
        self.assertEqual(self.json("GET", ROLES + "/search", role="R"), ["ROLE_ADMIN"])

    def test_delete(self) -> None:
        """From one, or from all; two blanks are in Nacos's text too."""
        self.assertEqual(self.json("DELETE", ROLES, role="r", username="bob")["data"], "delete role of user bob ok!")
        self.assertEqual(self.json("DELETE", ROLES, role="r")["data"], "delete role of user  ok!")
        text = "cannot delete the role of the last administrator"
        self.caused(text, "DELETE", ROLES, role="ROLE_ADMIN")
        self.caused(text, "DELETE", ROLES, role="ROLE_ADMIN", username="nacos")
        self.assertEqual(self.page(ROLES), [("ROLE_ADMIN", "nacos")])


class PermissionsTests(PageMixin):
    """Permissions."""

    def test_add_and_delete(self) -> None:
        """It works from the next request on."""
        wanted = {"role": "r", "resource": "prod:*:*", "action": "rw"}
        for _ in range(2):
            self.assertEqual(self.json("POST", PERMISSIONS, **wanted)["data"], "add permission ok!")
        self.assertTrue(self.login.directory.now.identity("bob").may("w", "prod:g:config/d"))
        self.assertEqual(self.page(PERMISSIONS, role="r"), [("r", "dev:*:*", "r"), ("r", "prod:*:*", "rw")])
        self.assertEqual(self.json("DELETE", PERMISSIONS, **wanted)["data"], "delete permission ok!")
        self.assertFalse(self.login.directory.now.identity("bob").may("r", "prod:g:config/d"))

    def test_refused(self) -> None:
        """A role that nobody has, an action that is none, a resource that does not fit."""
        self.caused("role nope not found!", "POST", PERMISSIONS, role="nope", resource="x", action="r")
        for resource, action in (("x", "x"), ("", "r"), ("x" * 256, "r"), ("a\nb", "r")):
            reply = self.reply("POST", PERMISSIONS, role="r", resource=resource, action=action)
            self.assertEqual(reply.status, 400, resource)
        self.caused(MISSING.format("action", "String"), "POST", PERMISSIONS, role="r", resource="x")

    def test_is_there(self) -> None:
        """2.5.1's console asks whether there is such a one."""
        for resource, wanted in (("dev:*:*", True), ("prod:*:*", False)):
            found = self.json("GET", PERMISSIONS, role="r", resource=resource, action="r")
            self.assertEqual(found, {"code": 0, "message": "success", "data": wanted})


class UnknownTests(PageMixin):
    """A node that has not read the tables."""

    def made(self) -> Login:
        return Login(self.mktemp() + "/a.db")

    def test_lists(self) -> None:
        """Nobody can be told from nobody, so even the right token waits."""
        reply = self.reply("GET", USERS, pageNo=1, pageSize=1)
        self.assertEqual((reply.status, reply.body), (503, b"caused: users and their rights are not known yet;"))
