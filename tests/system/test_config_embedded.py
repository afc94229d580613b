"""The configuration centre on embedded storage: alone, and on three real nodes."""

from __future__ import annotations

from tests.system.config_common import CommonTests, Set
from tests.system.config_nodes import ConfigCluster, shared_configs


class AloneTests(CommonTests, Set):
    """One node."""

    def found(self) -> ConfigCluster:
        return shared_configs(1, "", ())


class ClusterTests(CommonTests, Set):
    """Three nodes."""

    def found(self) -> ConfigCluster:
        return shared_configs(3)
