"""Accounts in a cluster that was restored from a backup: whole nodes in this process."""

from __future__ import annotations

import glob
import json
import os

from nacos_tw.ctl.restoring import restore
from nacos_tw.settings.settings import Settings
from tests.system.nodes import free_port
from tests.test_service import ServiceTestCase, call, until

LOGIN = "/nacos/v1/auth/login?username={}&password={}"
LOGINS = {
    "nacos.standalone": "true",
    "nacos.core.auth.enabled": "true",
    "nacos.core.auth.admin.password": "hunter2-admin",
}


class RestoredAccountsTests(ServiceTestCase):
    """One node, its backup, and a node that is made of it."""

    def place(self) -> Settings:
        """Of a node that stands alone and asks for logins."""
        return self.settings(self.home(), free_port(), **LOGINS)

    async def token(self, port: int, name: str, password: str) -> str:
        """What a login gives; "" if it is refused."""
        status, text = await call(port, "POST", LOGIN.format(name, password))
        return str(json.loads(text)["accessToken"]) if status == 200 else ""

    async def test_logins(self) -> None:
        """
        Users log in with their passwords, old and changed, have the rights that they had, and tokens of before hold;
        who was removed stays out.
        """
        old = self.start(self.place())
        await until(lambda: not old.node.reason() and old.started.called)
        port = old.settings.port
        admin = await self.token(port, "nacos", "hunter2-admin")
        self.assertTrue(admin)
        users, rights = "/nacos/v1/auth/users", "role=reader&resource=public:*:*&action=r"
        for method, path in (
            ("POST", f"{users}?username=ann&password=first-one"),
            ("PUT", f"{users}?username=ann&newPassword=second-one"),
            ("POST", f"{users}?username=bob&password=gone-soon"),
            ("DELETE", f"{users}?username=bob"),
            ("POST", "/nacos/v1/auth/roles?username=ann&role=reader"),
            ("POST", f"/nacos/v1/auth/permissions?{rights}"),
        ):
            status, text = await call(port, method, f"{path}&accessToken={admin}")
            self.assertEqual(status, 200, text)
        before = await self.token(port, "ann", "second-one")
        self.assertTrue(before)
        await old.node.images.save()
        (path,) = glob.glob(os.path.join(old.settings.data, "raft", "snapshot-*.snap"))
        new = self.place()
        restore(path, new)
        await self.stop(old)

        node = self.start(new)
        await until(lambda: not node.node.reason() and node.started.called)
        self.assertTrue(await self.token(new.port, "nacos", "hunter2-admin"))
        self.assertEqual(await self.token(new.port, "ann", "first-one"), "")
        self.assertEqual(await self.token(new.port, "bob", "gone-soon"), "")
        after = await self.token(new.port, "ann", "second-one")
        for token in (before, after):
            read = f"/nacos/v1/cs/configs?dataId=none&group=g&accessToken={token}"
            self.assertEqual((await call(new.port, "GET", read))[0], 404)  # allowed, and not there
            status, _ = await call(new.port, "POST", f"{read}&content=x")
            self.assertEqual(status, 403)
