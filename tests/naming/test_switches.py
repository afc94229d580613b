"""The switches and every entry that changes them."""

from __future__ import annotations

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import Problem
from nacos_tw.naming.switches import HealthParams, Switches, apply_switch
from tests.naming.building import said

AT_REST = (
    '{"masters":null,"adWeightMap":{},"defaultPushCacheMillis":10000,"clientBeatInterval":5000,'
    '"defaultCacheMillis":3000,"distroThreshold":0.7,"healthCheckEnabled":true,"autoChangeHealthCheckEnabled":true,'
    '"distroEnabled":true,"enableStandalone":true,"pushEnabled":true,"checkTimes":3,'
    '"httpHealthParams":{"max":5000,"min":500,"factor":0.85},"tcpHealthParams":{"max":5000,"min":1000,"factor":0.75},'
    '"mysqlHealthParams":{"max":3000,"min":2000,"factor":0.65},"incrementalList":[],'
    '"serverStatusSynchronizationPeriodMillis":2000,"serviceStatusSynchronizationPeriodMillis":5000,'
    '"disableAddIP":false,"sendBeatOnly":false,"lightBeatEnabled":true,"limitedUrlMap":{},'
    '"distroServerExpiredMillis":10000,"pushGoVersion":"0.1.0","pushJavaVersion":"0.1.0","pushPythonVersion":"0.4.3",'
    '"pushCVersion":"1.0.12","pushCSharpVersion":"0.9.0","enableAuthentication":false,"overriddenServerStatus":null,'
    '"defaultInstanceEphemeral":true,"healthCheckWhiteList":[],'
    '"name":"00-00---000-NACOS_SWITCH_DOMAIN-000---00-00","checksum":null}'
)


class SwitchTests(SynchronousTestCase):
    """L{apply_switch}."""

    def test_wire_form(self) -> None:
        """All fields of 1.4.8, in its order."""
        self.assertEqual(msgspec.json.encode(Switches()).decode(), AT_REST)

    def test_accepted(self) -> None:
        """Each entry changes its field and nothing else."""
        for entry, value, field, found in [
            ("distroThreshold", "0.5", "distro_threshold", 0.5),
            ("clientBeatInterval", "-7", "client_beat_interval", -7),
            ("pushVersion", "java:1.2.3", "push_java_version", "1.2.3"),
            ("pushVersion", "python:1.2.3", "push_python_version", "1.2.3"),
            ("pushVersion", "c:1.2.3", "push_c_version", "1.2.3"),
            ("pushVersion", "go:1.2.3", "push_go_version", "1.2.3"),
            ("pushCacheMillis", "20000", "default_push_cache_millis", 20000),
            ("defaultCacheMillis", "1000", "default_cache_millis", 1000),
            ("masters", "a,b", "masters", ["a", "b"]),
            ("distro", "off", "distro_enabled", False),
            ("check", "false", "health_check_enabled", False),
            ("pushEnabled", "on", "push_enabled", False),
            ("serviceStatusSynchronizationPeriodMillis", "6000", "service_status_synchronization_period_millis", 6000),
            ("serverStatusSynchronizationPeriodMillis", "1000", "server_status_synchronization_period_millis", 1000),
            ("healthCheckTimes", "+5", "check_times", 5),
            ("disableAddIP", "TRUE", "disable_add_ip", True),
            ("sendBeatOnly", "true", "send_beat_only", True),
            ("limitedUrlMap", "/a:404,/b:503", "limited_url_map", {"/a": 404, "/b": 503}),
            ("overriddenServerStatus", "WRITE_ONLY", "overridden_server_status", "WRITE_ONLY"),
            ("overriddenServerStatus", "null", "overridden_server_status", ""),
            ("defaultInstanceEphemeral", "false", "default_instance_ephemeral", False),
            ("distroServerExpiredMillis", "1", "distro_server_expired_millis", 1),
            ("lightBeatEnabled", "no", "light_beat_enabled", False),
            ("autoChangeHealthCheckEnabled", "0", "auto_change_health_check_enabled", False),
        ]:
            changed = apply_switch(Switches(), entry, value)
            self.assertEqual(changed, msgspec.structs.replace(Switches(), **{field: found}), entry)
            self.assertNotEqual(changed, Switches(), entry)

    def test_loose_and_strict_booleans(self) -> None:
        """C{yes} is true only for the loose entries."""
        off = msgspec.structs.replace(Switches(), light_beat_enabled=False, push_enabled=False)
        self.assertTrue(apply_switch(off, "lightBeatEnabled", "YES").light_beat_enabled)
        self.assertFalse(apply_switch(off, "pushEnabled", "yes").push_enabled)

    def test_no_effect(self) -> None:
        """Unknown entries, and those that Nacos ignores."""
        switches = Switches()
        for entry, value in [("nosuch", "1"), ("enableStandalone", "false"), ("limitedUrlMap", "")]:
            self.assertIs(apply_switch(switches, entry, value), switches)

    def test_refused(self) -> None:
        """With Nacos's texts, quirks of wording included."""
        version = r"illegal version, must match: [0-9]+\.[0-9]+\.[0-9]+"
        for entry, value, text in [
            ("distroThreshold", "0", "distroThreshold can not be zero or negative: 0.0"),
            ("distroThreshold", "x", 'For input string: "x"'),
            ("distroThreshold", "nan", 'For input string: "nan"'),
            ("distroThreshold", "1_0", 'For input string: "1_0"'),
            ("clientBeatInterval", "5s", 'For input string: "5s"'),
            ("clientBeatInterval", "9223372036854775808", 'For input string: "9223372036854775808"'),
            ("healthCheckTimes", "2147483648", 'For input string: "2147483648"'),
            ("pushVersion", "java:1.2", version),
            ("pushVersion", "java", version),
            ("pushVersion", "ruby:1.2.3", "unsupported client type: ruby"),
            ("pushCacheMillis", "9999", "min cache time for http or tcp is too small(<10000)"),
            ("defaultCacheMillis", "999", "min default cache time  is too small(<1000)"),
            (
                "serviceStatusSynchronizationPeriodMillis", "4999",
                "serviceStatusSynchronizationPeriodMillis is too small(<5000)",
            ),
            (
                "serverStatusSynchronizationPeriodMillis", "999",
                "serverStatusSynchronizationPeriodMillis is too small(<15000)",
            ),
            ("limitedUrlMap", "/a", "invalid input for limited urls"),
            ("limitedUrlMap", ":404", "url can not be empty, url: "),
            ("limitedUrlMap", "/a:0", "illegal normal status code: 0"),
            ("limitedUrlMap", "/a:x", 'For input string: "x"'),
            ("overriddenServerStatus", "SLEEPY",
             "unknown server status: SLEEPY, must be one of UP, DOWN, STARTING, PAUSED, WRITE_ONLY, READ_ONLY"),
        ]:  # fmt: skip
            with self.assertRaises(Problem) as caught:
                apply_switch(Switches(), entry, value)
            self.assertEqual(said(caught.exception), text)


class BatchTests(SynchronousTestCase):
    """The whole object at once."""

    def test_replaces_all(self) -> None:
        """What is not given is the default again, but not enableStandalone and the name."""
        before = msgspec.structs.replace(Switches(), enable_standalone=False, check_times=9)
        changed = apply_switch(
            before, "batch",
            '{"pushEnabled":false,"enableStandalone":true,"name":"x","tcpHealthParams":{"max":3000,"min":500,"factor":1},'
            '"unknown":1}',
        )  # fmt: skip
        self.assertEqual(
            changed,
            msgspec.structs.replace(
                Switches(), push_enabled=False, enable_standalone=False, tcp_health_params=HealthParams(3000, 500, 1.0)
            ),
        )

    def test_takes_its_own_wire_form(self) -> None:
        """GET switches, put back, changes nothing."""
        self.assertEqual(apply_switch(Switches(), "batch", AT_REST), Switches())
        cleared = apply_switch(Switches(), "overriddenServerStatus", "null")
        self.assertEqual(apply_switch(cleared, "batch", msgspec.json.encode(cleared).decode()), cleared)

    def test_refused(self) -> None:
        """Checker times, factors, status, and what is no such object."""
        params = '{"%s":{"max":%s,"min":%s,"factor":%s}}'
        for name in ("httpHealthParams", "tcpHealthParams"):
            for values, text in [
                ((5000, 499, 0.5), "min check time for http or tcp is too small(<500)"),
                ((2999, 500, 0.5), "max check time for http or tcp is too small(<3000)"),
                ((5000, 500, 1.5), "malformed factor"),
                ((5000, 500, -0.5), "malformed factor"),
            ]:
                with self.assertRaises(Problem) as caught:
                    apply_switch(Switches(), "batch", params % (name, *values))
                self.assertEqual(said(caught.exception), text)
        for bad in ("x", "[]", '{"pushEnabled":"x"}', '{"overriddenServerStatus":"SLEEPY"}'):
            with self.assertRaises(Problem):
                apply_switch(Switches(), "batch", bad)
