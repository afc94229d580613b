"""The configuration centre on embedded storage: alone, and on three real nodes."""

from __future__ import annotations

from tests.system.config_common import CommonTests, Set
from tests.system.config_nodes import ConfigCase, ConfigCluster, at_once, publish, shared_configs


class AloneTests(CommonTests, Set):
    """One node."""

    def found(self) -> ConfigCluster:
        return shared_configs(1, "", ())


class ClusterTests(CommonTests, Set):
    """Three nodes."""

    def found(self) -> ConfigCluster:
        return shared_configs(3)


class QuotaTests(ConfigCase):
    """Limits that are turned on."""

    def test_group(self) -> None:
        """20 at once over three nodes, room for 5: five are taken, the others told why."""
        nodes = self.cluster(3, "isCapacityLimitCheck=true\ndefaultGroupQuota=5").nodes
        jobs = [lambda number=number: publish(nodes[number % 3], f"c{number}", "x") for number in range(20)]
        statuses = [answer.status for answer in at_once(jobs)]
        self.assertEqual(sorted(statuses), [200] * 5 + [429] * 15)
        for number, status in enumerate(statuses):
            self.assertEverywhere(nodes, f"c{number}", "x" if status == 200 else None)
