"""Keys, ids and the values that follow from an instance's fields."""

from __future__ import annotations

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.naming.checkers import Http
from nacos_tw.naming.commands import MetadataBatch, Register, Target, UpdateCluster, decode, encode
from nacos_tw.naming.instance_commands import instance_of
from nacos_tw.naming.model import (
    Cluster,
    Service,
    beat_interval,
    beat_timeout,
    delete_timeout,
    find_instance,
    id_generator,
    own_beat_interval,
    split_name,
)
from tests.naming.building import P1, register


class InstanceTests(SynchronousTestCase):
    """Section 2.1 to 2.3."""

    def test_ids_and_keys(self) -> None:
        """Port 0 is left out of the datum key only."""
        found = instance_of(register(cluster="c1"), 7)
        self.assertEqual(found.instance_id, "10.0.0.1#8080#c1#DEFAULT_GROUP@@p1")
        self.assertEqual(found.key, ("c1", "10.0.0.1", 8080))
        self.assertEqual(found.datum_key, "10.0.0.1:8080:unknown:c1")
        zero = instance_of(register(port=0), 7)
        self.assertEqual((zero.datum_key, zero.instance_id.split("#")[1]), ("10.0.0.1:unknown:DEFAULT", "0"))

    def test_derived_times(self) -> None:
        """Milliseconds from the metadata, digits only, else the defaults."""
        for value, shown in [("3000", 3000), ("0", 0), ("", None), ("-1", None), ("1.5", None), ("٣", None),
                             ("9" * 19, None)]:  # fmt: skip
            metadata = {
                "preserved.heart.beat.interval": value,
                "preserved.heart.beat.timeout": value,
                "preserved.ip.delete.timeout": value,
            }
            found = instance_of(register(metadata=metadata), 1)
            times = (beat_interval(found), beat_timeout(found), delete_timeout(found))
            self.assertEqual(times, (5000, 15000, 30000) if shown is None else (shown, shown, shown))

    def test_own_interval(self) -> None:
        """Only metadata that has the key overrides the switch; an unreadable value is the fixed default's."""
        self.assertIsNone(own_beat_interval(None))
        self.assertIsNone(own_beat_interval({"a": "1"}))
        self.assertEqual(own_beat_interval({"preserved.heart.beat.interval": "3000"}), 3000)
        self.assertEqual(own_beat_interval({"preserved.heart.beat.interval": "x"}), 5000)

    def test_id_generator(self) -> None:
        """Shown when metadata is empty or names one."""
        for metadata, shown in [
            (None, "simple"),
            ({}, "simple"),
            ({"a": "1"}, None),
            ({"preserved.instance.id.generator": "snowflake"}, "snowflake"),
        ]:
            self.assertEqual(id_generator(instance_of(register(metadata=metadata), 1)), shown)


class ServiceTests(SynchronousTestCase):
    """Names and look-up."""

    def test_names(self) -> None:
        """A name without a group is in the default one."""
        self.assertEqual(split_name("g@@n"), ("g", "n"))
        self.assertEqual(split_name("n"), ("DEFAULT_GROUP", "n"))
        service = Service(("ns", "g@@n"))
        self.assertEqual((service.key, service.group, service.bare_name), (("ns", "g@@n"), "g", "n"))
        self.assertEqual(Cluster("c", default_check_port=81).default_ip_port, 81)

    def test_find_prefers_the_persistent(self) -> None:
        """As Nacos's list of both kinds does."""
        service = Service(P1)
        one, other = instance_of(register(), 1), instance_of(register(ephemeral=False), 2)
        self.assertIsNone(find_instance(service, one.key))
        service.ephemeral[one.key] = one
        self.assertIs(find_instance(service, one.key), one)
        service.persistent[other.key] = other
        self.assertIs(find_instance(service, one.key), other)


class CommandTests(SynchronousTestCase):
    """Bytes of the log."""

    def test_round_trip(self) -> None:
        """Nested values and None come back."""
        for command in [
            Register(P1, "10.0.0.1", 80, metadata=None, beat=True),
            UpdateCluster(P1, "c", Http("/x", expected_response_code=201)),
            MetadataBatch(P1, "", [Target("a", 1, False, "c")], {"a": "1"}),
        ]:
            self.assertEqual(decode(encode(command)), command)

    def test_format_is_fixed(self) -> None:
        """The bytes that older logs hold: they mean the same for ever, and what is new stands behind them."""
        command = Register(("public", "g@@s"), "1.2.3.4", 80, metadata={"a": "b"})
        data = bytes.fromhex(
            "9c0192a67075626c6963a467404073a7312e322e332e3450a744454641554c54c3cb3ff0000000000000c3c381a161a162a7"
            "44454641554c54c2"
        )
        self.assertEqual(decode(data), command)
        old = msgspec.msgpack.decode(data)
        self.assertEqual(msgspec.msgpack.decode(encode(command))[: len(old)], old)

    def test_missing_trailing_fields_have_defaults(self) -> None:
        """A field that a newer version appended is read from an older log."""
        data = b"\x94\x01\x92\xa1n\xa4g@@s\xa1i\x50"
        self.assertEqual(decode(data), Register(("n", "g@@s"), "i", 80))

    def test_more_trailing_fields_are_left_out(self) -> None:
        """An older version reads what a newer one has written, without what it does not know."""
        command = Register(("n", "g@@s"), "i", 80, ephemeral=False, given_id="mine")
        array = msgspec.msgpack.decode(encode(command))
        self.assertEqual(decode(msgspec.msgpack.encode([*array, "more"])), command)
        self.assertEqual(array[-1], "mine")
