"""C{/v2/ns/catalog} (docs/spec/http-v2-v3.md#2)."""

from __future__ import annotations

from tests.http.api.case import ApiTestCase

INSTANCES = "/v2/ns/catalog/instances"


class CatalogTests(ApiTestCase):
    """A service with three instances, one of them sick."""

    def page(self, **fields: object) -> tuple[list[str] | None, int]:
        """The addresses of a page, None where the answer has none, and how many there are."""
        found = self.data("GET", INSTANCES, **{"serviceName": "p1", "pageNo": 1, "pageSize": 10, **fields})
        hosts = found.get("instances")
        return None if hosts is None else [each["ip"] for each in hosts], found["count"]

    def test_pages(self) -> None:
        """By number and size; an empty page has no list; either name of the service."""
        for ip in ("10.0.0.1", "10.0.0.2", "10.0.0.3"):
            self.add(ip, healthy=ip != "10.0.0.2")
        self.assertEqual(self.page(), (["10.0.0.1", "10.0.0.2", "10.0.0.3"], 3))
        self.assertEqual(self.page(serviceName="DEFAULT_GROUP@@p1", pageNo=2, pageSize=2), (["10.0.0.3"], 3))
        self.assertEqual(self.page(pageNo=5), (None, 3))
        self.assertEqual(self.page(healthyOnly="true"), (["10.0.0.1", "10.0.0.3"], 2))
        self.assertEqual(self.page(healthyOnly="false"), (["10.0.0.2"], 1))
        self.assertEqual(self.page(enabledOnly="false"), (None, 0))

    def test_refused(self) -> None:
        """No service, no number of a page."""
        self.assertEqual(self.ask("GET", INSTANCES, serviceName="none", pageNo=1, pageSize=1).status, 400)
        self.assertEqual(self.ask("GET", INSTANCES, serviceName="p1", pageSize=1).status, 400)
