"""What a request is about, as permissions name it: by the same rules as the handlers read it."""

from __future__ import annotations

from urllib.parse import urlencode

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.access.resources import config_resource, naming_resource
from nacos_tw.errors import BadParameter
from nacos_tw.http.call import Call
from nacos_tw.http.resources import resource_of
from nacos_tw.http.v1.config_reading import key_of

VALUES = st.sampled_from(
    ["", " ", "a", "b", "a@@b", "@@b", "a@@", "@@", "a@@b@@c", "public", "null", "Public", "*", "a:b", "%20"]
)
NAMING = st.lists(
    st.tuples(st.sampled_from(["namespaceId", "groupName", "serviceName", "dom", "tenant", "group"]), VALUES)
)
CONFIG = st.lists(st.tuples(st.sampled_from(["tenant", "group", "dataId", "namespaceId", "namespace", "tag"]), VALUES))


class ResourceTests(SynchronousTestCase):
    """Each kind."""

    def of(self, kind: str, method: str = "GET", **params: str) -> str:
        return resource_of(kind, Call.make(method, "/x?" + urlencode(params)))

    def test_naming(self) -> None:
        """A service, or all of a namespace."""
        self.assertEqual(self.of("naming"), ":*:naming/*")
        self.assertEqual(self.of("naming", serviceName="s"), ":DEFAULT_GROUP:naming/s")
        self.assertEqual(self.of("naming", serviceName="s", groupName="g", namespaceId="dev"), "dev:g:naming/s")
        self.assertEqual(self.of("naming", serviceName="h@@s", groupName="g", namespaceId="public"), ":h:naming/s")
        self.assertEqual(self.of("naming", dom="s", namespaceId="null"), ":DEFAULT_GROUP:naming/s")
        self.assertEqual(self.of("naming", serviceName="s", groupName="g@@h"), ":g:naming/h@@s")
        self.assertEqual(self.of("services", serviceName="s", namespaceId="dev"), "dev:*:naming/*")

    def test_config(self) -> None:
        """A config, or all of a namespace."""
        self.assertEqual(self.of("config"), ":*:config/*")
        self.assertEqual(self.of("config", group="g", tenant="dev"), "dev:*:config/*")
        self.assertEqual(self.of("config", group="g", dataId="d", tenant="dev"), "dev:g:config/d")
        self.assertEqual(self.of("config", dataId="d"), ":*:config/d")
        for tenant in ("public", "PUBLIC", "null", ""):
            self.assertEqual(self.of("config", group="g", dataId="d", tenant=tenant), ":g:config/d")
        self.assertEqual(self.of("configs", group="g", dataId="d", tenant="dev"), "dev:*:config/*")

    def test_import_and_clone(self) -> None:
        """They are about the whole of their target, which an import names by another parameter."""
        names = {"group": "g", "dataId": "d", "tenant": "dev", "namespace": "prod"}
        self.assertEqual(self.of("config", "POST", **{"import": "true"}, **names), "prod:*:config/*")
        self.assertEqual(self.of("config", "POST", **{"import": "True"}, **names), "dev:g:config/d")
        for method in ("GET", "DELETE"):
            self.assertEqual(self.of("config", method, **{"import": "true"}, **names), "dev:g:config/d")
        self.assertEqual(self.of("config", "POST", clone="true", **names), "dev:*:config/*")

    def test_switches(self) -> None:
        """Of no namespace."""
        self.assertEqual(self.of("switches", namespaceId="dev"), "naming/switches")

    @given(NAMING, NAMING)
    def test_as_handlers_read_services(self, query: list[tuple[str, str]], body: list[tuple[str, str]]) -> None:
        """Whatever the parameters are: the service that a handler works on is the one that was checked."""
        call = Call.make("POST", "/x?" + urlencode(query), urlencode(body).encode())
        try:
            namespace, grouped = call.service_key()
        except BadParameter:
            return
        group, _, name = grouped.partition("@@")
        self.assertEqual(resource_of("naming", call), naming_resource(namespace, group, name))

    @given(CONFIG, CONFIG)
    def test_as_handlers_read_configs(self, query: list[tuple[str, str]], body: list[tuple[str, str]]) -> None:
        """The same of configs; without a dataId it is all of the namespace, or nothing is done."""
        call = Call.make("POST", "/x?" + urlencode(query), urlencode(body).encode())
        try:
            tenant, group, data_id = key_of(call)
        except BadParameter:
            return
        self.assertEqual(resource_of("config", call), config_resource(tenant, group, data_id))
