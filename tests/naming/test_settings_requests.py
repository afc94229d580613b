"""Settings of services and clusters check the names that they are for."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import Invalid
from nacos_tw.naming.requests import ClusterSettings, ServiceSettings


class NameTests(SynchronousTestCase):
    """Whatever API made the request."""

    def test_services(self) -> None:
        """Its name, then each part of it."""
        for service, refused in (
            (("public", "g@@a b"), Invalid("serviceName", "name", "g@@a b")),
            (("public", f"{'g' * 129}@@s"), Invalid("group", "length", "g" * 129, 128)),
            (("n" * 65, "g@@s"), Invalid("namespaceId/tenant", "length", "n" * 65, 64)),
        ):
            self.assertEqual(self.assertRaises(Invalid, ServiceSettings, service), refused)
        self.assertEqual(ServiceSettings(("public", "g@@s")).service, ("public", "g@@s"))

    def test_clusters(self) -> None:
        """Its own name."""
        found = self.assertRaises(Invalid, ClusterSettings, ("public", "g@@s"), "a b")
        self.assertEqual(found, Invalid("cluster", "name", "a b"))
        self.assertEqual(ClusterSettings(("public", "g@@s"), "DEFAULT").cluster, "DEFAULT")
