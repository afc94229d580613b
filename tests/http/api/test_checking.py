"""The check of parameters (docs/spec/http-v2-v3.md#1.3)."""

from __future__ import annotations

from random import Random

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.http.api.checking import check
from nacos_tw.http.api.problems import Unchecked


class CheckTests(SynchronousTestCase):
    """What passes, and what does not."""

    def refused(self, text: str, patterns: bool = False, portless: bool = False, **given: str) -> None:
        """These are refused, alone and among others that pass."""
        for others in ({}, {"namespaceId": "dev", "weight": "x", "metadata": "{}"}):
            error = self.assertRaises(Unchecked, check, {**others, **given}, patterns, portless)
            self.assertEqual(error.text, text)

    def test_passes(self) -> None:
        """As clients send it, at the limits, and blank."""
        for given in (
            {"namespaceId": "n" * 64, "groupName": "g:a.b-c_d", "serviceName": "s" * 512, "clusterName": "c1,c2,"},
            {"serviceName": "g@@s", "ip": "::1", "port": "65535", "metadata": "x" * 65536},
            {"dataId": "a:b", "group": "", "namespaceId": "", "port": "", "ip": "", "other": "@@ 中"},
            {"port": "00080"},
        ):
            check(given)
        check({"dataId": "a*", "groupName": "*"}, patterns=True)
        check({"port": "null"}, portless=True)

    def test_refused(self) -> None:
        """Each kind."""
        odd = "Param '{}' is illegal, illegal characters should not appear in the param."
        self.refused(odd.format("dataId"), dataId="a*")
        self.refused(odd.format("group"), groupName="*")
        self.refused(odd.format("group"), serviceName="g/@@s")
        self.refused(odd.format("serviceName"), serviceName="@@s")
        self.refused(odd.format("serviceName"), serviceName="g@@a@@b")
        self.refused(odd.format("cluster"), clusterName="a,b!")
        self.refused(odd.format("ip"), ip="中")
        long = "Param '{}' is illegal, the param length should not exceed {}."
        self.refused(long.format("serviceName", 512), serviceName="s" * 513)
        self.refused(long.format("cluster", 64), cluster="a," + "b" * 65)
        self.refused(long.format("Metadata", 65536), metadata="x" * 65537)
        for port in ("65536", "-1", "x", "٣", "99999", "000000000080", "null"):
            self.refused("Param 'port' is illegal, the value should be between 0 and 65535.", port=port)

    def test_first(self) -> None:
        """Of several the one that Nacos looks at first, in whatever order they are sent."""
        fields = {"port": "x", "clusterName": "!", "ip": " ", "dataId": "/", "namespaceId": "$"}
        for order in range(5):
            given = list(fields.items())
            Random(order).shuffle(given)
            error = self.assertRaises(Unchecked, check, dict(given))
            self.assertIn("namespaceId", error.text)
