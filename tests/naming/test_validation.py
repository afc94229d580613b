"""Checks of parameters, and their texts."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import Problem
from nacos_tw.naming import validation as v
from tests.naming.building import said


class CheckTests(SynchronousTestCase):
    """One table: what passes, what is refused, and how."""

    def refused(self, text: str, check: Callable[..., object], *args: Any) -> None:
        """The check refuses with that text."""
        with self.assertRaises(Problem) as caught:
            check(*args)
        self.assertEqual(said(caught.exception), text)

    def test_grouped_name(self) -> None:
        """Both parts must be there."""
        v.check_grouped_name("g@@n")
        shape = "Param 'serviceName' is illegal, it should be format as 'groupName@@serviceName'"
        self.refused(shape, v.check_grouped_name, "n")
        self.refused(shape, v.check_grouped_name, "g@@")
        self.refused("Param 'serviceName' is illegal, groupName can't be empty", v.check_grouped_name, "@@n")

    def test_service_name(self) -> None:
        """Letters, digits and @ . : _ - only."""
        v.check_service_name("DEFAULT_GROUP@@com.x:y-z_1")
        for bad in ("g@@a b", "g@@é", "g@@a/b", "", "g@@a\n"):
            self.refused(
                f"dom name can only have these characters: 0-9a-zA-Z-._:, current: {bad}", v.check_service_name, bad
            )

    def test_cluster_name(self) -> None:
        """Letters, digits and - only."""
        v.check_cluster_name("DEFAULT")
        v.check_cluster_name("c-1")
        for bad in ("c_z", "", "a,b"):
            self.refused(
                f"cluster name can only have these characters: 0-9a-zA-Z-, current: {bad}", v.check_cluster_name, bad
            )

    def test_ip(self) -> None:
        """Any text but a misspelt dotted address."""
        for good in ("10.0.0.1", "999.1.1.1", "host.name", "[fe80::1]", ""):
            v.check_ip(good)
        for bad in ("1.2.3", "1.2.3.4.5", "1234.1.1.1", "7", "..."):
            self.refused("instance format invalid: Your IP address is spelled incorrectly", v.check_ip, bad)

    def test_weight(self) -> None:
        """Both ends are in."""
        for good in (0.0, 1.0, 10000.0):
            v.check_weight(good)
        for bad in (-0.1, 10000.1, math.nan, math.inf):
            self.refused("instance format invalid: The weights range from 0.0 to 10000.0", v.check_weight, bad)

    def test_normal_weight(self) -> None:
        """What is stored is always within the limits, and zero has no sign."""
        for given_, stored in [(0.0, 0.0), (0.001, 0.01), (0.01, 0.01), (5.0, 5.0), (1e9, 1e4), (-1.0, 0.0)]:
            self.assertEqual(v.normal_weight(given_), stored)
        self.assertEqual(str(v.normal_weight(-0.0)), "0.0")
        self.assertEqual(v.normal_weight(math.nan), 0.0)

    def test_limits(self) -> None:
        """2.5.1's parameter check."""
        for name, good in [
            ("namespaceId/tenant", "a-b_1"),
            ("serviceName", "com.x:y"),
            ("group", "g.1:_-"),
            ("cluster", "c_z"),
            ("ip", "fe80::1%eth0"),
        ]:
            v.check_limits(name, good)
            v.check_limits(name, "")
        for name, bad in [
            ("namespaceId/tenant", "a b"),
            ("serviceName", "a@@b"),
            ("serviceName", "@a"),
            ("serviceName", "服务"),
            ("group", "g/1"),
            ("cluster", "c.z"),
        ]:
            text = f"Param '{name}' is illegal, illegal characters should not appear in the param."
            self.refused(text, v.check_limits, name, bad)
        for name, limit in [("namespaceId/tenant", 64), ("serviceName", 512), ("group", 128), ("ip", 128)]:
            v.check_limits(name, "a" * limit)
            text = f"Param '{name}' is illegal, the param length should not exceed {limit}."
            self.refused(text, v.check_limits, name, "a" * (limit + 1))

    def test_port(self) -> None:
        """Sixteen bits."""
        v.check_port(0)
        v.check_port(65535)
        text = "Param 'port' is illegal, the value should be between 0 and 65535."
        self.refused(text, v.check_port, -1)
        self.refused(text, v.check_port, 65536)


class MetadataTests(SynchronousTestCase):
    """The two ways to write metadata."""

    def test_json(self) -> None:
        """Scalars become the text that was written."""
        self.assertEqual(v.parse_metadata('{"a":"1","b":"x y"}'), {"a": "1", "b": "x y"})
        self.assertEqual(
            v.parse_metadata('{"a":1,"b":1.50,"c":true,"d":null,"e":"\\u00e9"}'),
            {"a": "1", "b": "1.50", "c": "true", "e": "é"},
        )
        self.assertEqual(v.parse_metadata("  "), {})
        self.assertEqual(v.parse_metadata("{}"), {})

    def test_pairs(self) -> None:
        """k=v,k2=v2; a value may be empty."""
        self.assertEqual(v.parse_metadata("a=1,b=2,"), {"a": "1", "b": "2"})
        self.assertEqual(v.parse_metadata("a="), {"a": ""})

    def test_refused(self) -> None:
        """Neither form."""
        for bad in ('{"a":{"b":1}}', '{"a":[1]}', "{", '{"a":"\\ud800"}', '{"a":1,"b":"\\ud800"}', "abc", "a=b=c",
                    "=b", ",", "[1]", "{a=b}"):  # fmt: skip
            with self.assertRaises(Problem) as caught:
                v.parse_metadata(bad)
            self.assertEqual(said(caught.exception), f"metadata format incorrect:{bad}")

    @given(st.text())
    def test_any_text_is_read_or_refused(self, text: str) -> None:
        """What is read can be written to the log."""
        try:
            found = v.parse_metadata(text)
        except Problem:
            return
        for key, value in found.items():
            (key + value).encode()
