"""What can be asked of naming: values that are checked when they are made, and say what they are about."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import BadParameter
from nacos_tw.http.call import Call
from nacos_tw.http.resources import resource_of
from nacos_tw.naming.requests import Change, OneService, Registration, Removal

S = ("dev", "g@@s")


class RequestTests(SynchronousTestCase):
    """L{nacos_tw.naming.requests}."""

    def test_resource(self) -> None:
        """A request is about what the check before its handler was about, however its service is named."""
        for query in (
            "serviceName=s", "serviceName=g@@s", "serviceName=s&groupName=h&namespaceId=dev", "dom=g@@s@@t",
            "serviceName=s&namespaceId=public", "serviceName=s&namespaceId=null", "serviceName=g@@@s",
            "serviceName=s&groupName=a@@b",
        ):  # fmt: skip
            call = Call.make("GET", f"/x?{query}")
            self.assertEqual(OneService(call.service_key()).resource(), resource_of("naming", call), query)

    def test_checked(self) -> None:
        """A name, a port or a weight that is refused makes no request, whichever API it came by."""
        for wrong in (
            {"service": ("dev", "g@@a b")}, {"ip": "1.2"}, {"cluster": "a b"}, {"port": 65536}, {"port": -1},
            {"weight": -1.0}, {"weight": float("nan")},
        ):  # fmt: skip
            given = {"service": S, "ip": "1.2.3.4", "port": 80, **wrong}
            self.assertRaises(BadParameter, Registration, **given)
        self.assertRaises(BadParameter, Removal, S, "1.2.3.4", 65536)
        self.assertRaises(BadParameter, Change, S, "DEFAULT", "1.2.3.4", 80, weight=10001.0)
        self.assertRaises(BadParameter, Change, S, "DEFAULT", "1.2.3.4", 65536)
        Change(S, "DEFAULT", "1.2.3.4", 80)
