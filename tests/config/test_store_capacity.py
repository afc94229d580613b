"""Usage and quotas (docs/spec/config-v1.md#6; docs/spec/README.md#12)."""

from __future__ import annotations

from typing import Any

from nacos_tw.config import store_capacity
from nacos_tw.config.commands import (
    CountUsage,
    EnsureCapacity,
    Import,
    ImportItem,
    Publish,
    Quotas,
    Remove,
    RemoveMany,
    SetCapacity,
)
from nacos_tw.config.model import ConfigKey
from nacos_tw.config.problems import OverQuota
from tests.config.databases import T0, StoreCase, on_each


def publish(data_id: str, group: str = "g", tenant: str = "", content: str = "c", **more: Any) -> Publish:
    return Publish((tenant, group, data_id), content, None, T0, **more)


class Usage(StoreCase):
    """Counting."""

    def usage(self) -> dict[str, int]:
        found = {f"g:{name}": count for name, count in self.sql("SELECT group_id, `usage` FROM group_capacity")}
        found |= {f"t:{name}": count for name, count in self.sql("SELECT tenant_id, `usage` FROM tenant_capacity")}
        return found

    def test_counts(self) -> None:
        """Inserts and removals count for the cluster, and for the namespace or the public one's group."""
        self.do(publish("a"))
        self.assertEqual(self.usage(), {"g:": 1, "g:g": 1})
        self.do(publish("b"))
        self.do(publish("b"))
        self.do(publish("c", "h"))
        self.do(publish("d", "g", "ns"))
        self.do(publish("e", "g", "ns"))
        self.assertEqual(self.usage(), {"g:": 5, "g:g": 2, "g:h": 1, "t:ns": 2})
        self.do(Remove(("", "g", "a"), T0))
        self.do(Remove(("", "g", "a"), T0))
        ((number,),) = self.sql("SELECT id FROM config_info WHERE data_id='d'")
        self.do(RemoveMany([number], T0))
        self.assertEqual(self.usage(), {"g:": 3, "g:g": 1, "g:h": 1, "t:ns": 1})

    def test_switched_off(self) -> None:
        """isManageCapacity=false: nothing is counted."""
        self.do(publish("a", counted=False))
        self.do(Import([ImportItem(("", "g", "b"), "c")], "ABORT", T0, counted=False))
        self.do(Remove(("", "g", "a"), T0, counted=False))
        self.assertEqual(self.usage(), {})

    def test_new_row(self) -> None:
        """A row that is missing starts with what is there."""
        for data_id in ("a", "b"):
            self.do(publish(data_id, counted=False))
        self.do(publish("c"))
        self.assertEqual(self.usage(), {"g:": 3, "g:g": 3})
        self.sql("DELETE FROM group_capacity WHERE group_id='g'")
        self.do(publish("d"))
        self.assertEqual(self.usage(), {"g:": 4, "g:g": 4})
        self.sql("DELETE FROM group_capacity WHERE group_id=''")
        self.do(Remove(("", "g", "d"), T0))
        self.assertEqual(self.usage(), {"g:": 3, "g:g": 3})

    def test_never_below_zero(self) -> None:
        """A counter that was wrong does not make a removal fail."""
        self.do(publish("a"))
        self.sql("UPDATE group_capacity SET `usage`=0")
        self.do(Remove(("", "g", "a"), T0))
        self.assertEqual(self.usage(), {"g:": 0, "g:g": 0})

    def test_count_usage(self) -> None:
        """Everything is counted anew."""
        self.do(publish("a"))
        self.do(publish("b", "g", "ns"))
        self.do(EnsureCapacity("empty", "", T0))
        self.sql("UPDATE group_capacity SET `usage`=77")
        self.sql("UPDATE tenant_capacity SET `usage`=77")
        self.assertIs(self.value(CountUsage(T0 + 1000)), True)
        self.assertEqual(self.usage(), {"g:": 2, "g:g": 1, "g:empty": 0, "t:ns": 1})

    def test_ensure(self) -> None:
        """The row is made, counted, and found again."""
        self.do(publish("a", "g", "ns", counted=False))
        self.assertIsNone(self.run_in(store_capacity.capacity, "", "ns"))
        made = self.value(EnsureCapacity("ignored", "ns", T0))
        self.assertEqual((made.tenant, made.group, made.usage, made.quota), ("ns", None, 1, 0))
        self.assertEqual((made.created_ms, made.modified_ms), (T0, T0))
        self.assertEqual(self.value(EnsureCapacity("", "ns", T0 + 9000)), made)
        self.assertEqual(self.run_in(store_capacity.capacity, "", "ns"), made)
        cluster = self.value(EnsureCapacity("", "", T0))
        self.assertEqual((cluster.group, cluster.tenant, cluster.usage), ("", None, 1))

    def test_set(self) -> None:
        """Limits that are given are set, others stay."""
        self.assertIs(self.value(SetCapacity("g", "", T0, quota=5, max_size=10)), True)
        self.do(SetCapacity("g", "", T0 + 1000, max_aggr_count=3, max_aggr_size=4, quota=0))
        row = self.run_in(store_capacity.capacity, "g", "")
        assert row is not None
        self.assertEqual((row.quota, row.max_size, row.max_aggr_count, row.max_aggr_size), (0, 10, 3, 4))
        self.assertEqual(row.modified_ms, T0 + 1000)


class Enforcing(StoreCase):
    """isCapacityLimitCheck=true."""

    limits = Quotas(cluster=4, group=2, tenant=2, max_size=10)

    def refused(self, command: Publish, of: str) -> None:
        before = self.state()
        done = self.do(command)
        self.assertIsInstance(done.value, OverQuota)
        self.assertEqual((done.value.of, done.changed), (of, ()))
        self.assertEqual(self.state(), before)

    def state(self) -> list[Any]:
        tables = ("config_info", "his_config_info", "group_capacity", "tenant_capacity")
        return [self.sql(f"SELECT * FROM {table} ORDER BY 1") for table in tables]

    def test_numbers(self) -> None:
        """Of the group, the namespace, and the cluster; updates pass, and a removal makes room."""
        for data_id in ("a", "b"):
            self.assertIs(self.value(publish(data_id, quotas=self.limits)), True)
        self.refused(publish("c", quotas=self.limits), "group")
        self.assertIs(self.value(publish("b", quotas=self.limits, content="new")), True)
        for data_id in ("a", "b"):
            self.assertIs(self.value(publish(data_id, tenant="ns", quotas=self.limits)), True)
        self.refused(publish("c", tenant="ns", quotas=self.limits), "cluster")
        wide = Quotas(cluster=100, group=2, tenant=2, max_size=10)
        self.refused(publish("c", tenant="ns", quotas=wide), "namespace")
        self.do(Remove(("", "g", "a"), T0))
        self.assertIs(self.value(publish("c", quotas=self.limits)), True)

    def test_rows_go_before_properties(self) -> None:
        """A limit in the row of the group or namespace stands in for the property's; 0 does not."""
        self.do(SetCapacity("g", "", T0, quota=1, max_size=4))
        self.assertIs(self.value(publish("a", quotas=self.limits, content="1234")), True)
        self.refused(publish("a", quotas=self.limits, content="12345"), "size")
        self.refused(publish("b", quotas=self.limits), "group")
        self.do(SetCapacity("g", "", T0, quota=0, max_size=0))
        self.assertIs(self.value(publish("b", quotas=self.limits, content="1234567890")), True)

    def test_size(self) -> None:
        """Bytes of the content, in an update too."""
        self.assertIs(self.value(publish("a", quotas=self.limits, content="中中中x")), True)
        self.refused(publish("a", quotas=self.limits, content="中中中xy"), "size")
        self.do(SetCapacity("", "ns", T0, max_size=20))
        self.assertIs(self.value(publish("a", tenant="ns", quotas=self.limits, content="x" * 20)), True)
        self.refused(publish("a", tenant="ns", quotas=self.limits, content="x" * 21), "size")

    def test_import(self) -> None:
        """An import that goes beyond is taken back whole."""
        keys: list[ConfigKey] = [("", "g", data_id) for data_id in ("a", "b", "c")]
        before = self.state()
        done = self.do(Import([ImportItem(key, "c") for key in keys], "ABORT", T0, quotas=self.limits))
        self.assertEqual((done.value, done.changed), (OverQuota("group", 2), ()))
        self.assertEqual(self.state(), before)
        done = self.do(Import([ImportItem(key, "c") for key in keys[:2]], "ABORT", T0, quotas=self.limits))
        self.assertEqual((done.value.succeeded, done.changed), (2, tuple(keys[:2])))


on_each(globals(), Usage, Enforcing)
del StoreCase, Usage, Enforcing
