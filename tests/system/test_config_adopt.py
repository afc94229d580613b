"""A real node on a database in which a Nacos 1.4 has published and stopped copies for some."""

from __future__ import annotations

from tests import mariadb
from tests.system.config_nodes import CS, ConfigCase, md5, publish, read
from tests.system.nodes import wait_for
from tests.system.test_config_mysql import properties

ADDRESS = "10.9.1.1"


class AdoptTests(ConfigCase):
    """One node, which is stopped while the Nacos works."""

    skip = mariadb.missing() or None

    def test_at_the_start(self) -> None:
        """What it published is served from the start on, and what it stopped is not; both also while this node runs."""
        server = mariadb.server()
        database = server.database()
        nodes = self.cluster(1, properties(server.url(database)), ())
        (node,) = nodes.nodes

        def sql(statement: str) -> None:
            server.admin(statement, database)

        def published(data_id: str) -> None:
            sql(
                "INSERT INTO config_info_beta (data_id, group_id, tenant_id, content, md5, beta_ips)"
                f" VALUES ('{data_id}', 'g', '', 'beta', '{md5('beta')}', '{ADDRESS}')"
            )

        for data_id in ("published", "stopped", "kept", "later"):
            self.assertTrueAnswer(publish(node, data_id, "main"))
        for data_id in ("stopped", "kept"):
            self.assertTrueAnswer(publish(node, data_id, "beta", {"betaIps": ADDRESS}))
        node.stop()
        published("published")
        sql("DELETE FROM config_info_beta WHERE data_id='stopped'")
        nodes.restart(node)
        self.assertEqual(
            [read(node, data_id, ADDRESS) for data_id in ("published", "stopped", "kept")], ["beta", "main", "beta"]
        )
        self.assertEqual(server.admin("SELECT COUNT(*) FROM config_info_gray", database), ((2,),))
        published("later")
        sql("DELETE FROM config_info_beta WHERE data_id='kept'")
        node.request("POST", CS + "/ops/localCache")
        wait_for(lambda: read(node, "later", ADDRESS) == "beta", why="the copy that the Nacos has published")
        wait_for(lambda: read(node, "kept", ADDRESS) == "main", why="the copy to end")
