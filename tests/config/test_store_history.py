"""Reading and trimming history (docs/spec/config-v1.md#5)."""

from __future__ import annotations

from nacos_tw.config import store_history
from nacos_tw.config.commands import Publish, Remove, TrimHistory
from nacos_tw.config.model import ConfigKey
from nacos_tw.config.problems import OtherConfig
from nacos_tw.errors import BadParameter
from tests.config.databases import ALL, T0, StoreCase, on_each

KEY: ConfigKey = ("ns", "g", "d")


class Past(StoreCase):
    """GET /v1/cs/history."""

    def fill(self, number: int = 3) -> None:
        for step in range(number):
            self.do(Publish(KEY, f"v{step}", None, T0 + step * 1000, src_ip="1.1.1.1", src_user="joe", app_name="app"))
        self.do(Publish(("", "g", "d"), "other", None, T0))

    def test_list(self) -> None:
        """Newest first, without contents, of that config alone."""
        self.fill()
        page = self.run_in(store_history.history, KEY, 1, 2)
        self.assertEqual((page.total, page.available), (3, 2))
        self.assertEqual([(row.kind, row.modified_ms, row.content, row.md5) for row in page.items],
                         [("U", T0 + 2000, None, None), ("U", T0 + 1000, None, None)])  # fmt: skip
        (last,) = self.run_in(store_history.history, KEY, 2, 2).items
        self.assertEqual((last.kind, last.config_id, last.key), ("I", 0, KEY))
        self.assertEqual((last.src_ip, last.src_user, last.app_name), ("1.1.1.1", "joe", "app"))
        self.assertEqual((last.publish_type, last.gray, last.created_ms), ("formal", "", T0))
        with self.assertRaises(BadParameter):
            self.run_in(store_history.history, KEY, 0, 2)

    def test_one(self) -> None:
        """With content; a row of another config is refused."""
        self.fill()
        newest = self.run_in(store_history.history, KEY, 1, 1).items[0]
        found = self.run_in(store_history.past, KEY, newest.nid)
        assert found is not None
        self.assertEqual((found.content, found.kind), ("v1", "U"))
        self.assertIsNone(self.run_in(store_history.past, KEY, 10**9))
        for key in (("", "g", "d"), ("ns", "G", "d"), ("ns", "g", "x")):
            with self.assertRaises(OtherConfig) as caught:
                self.run_in(store_history.past, key, newest.nid)
            self.assertEqual(caught.exception, OtherConfig(key, newest.nid))

    def test_previous(self) -> None:
        """The newest row with the config's id; an insert's has none."""
        self.do(Publish(KEY, "v0", None, T0))
        ((number,),) = self.sql("SELECT id FROM config_info")
        self.assertIsNone(self.run_in(store_history.previous, KEY, number))
        self.fill()
        found = self.run_in(store_history.previous, KEY, number)
        assert found is not None
        self.assertEqual((found.content, found.kind), ("v1", "U"))
        self.do(Remove(KEY, T0))
        found = self.run_in(store_history.previous, KEY, number)
        assert found is not None
        self.assertEqual((found.content, found.kind), ("v2", "D"))
        self.assertIsNone(self.run_in(store_history.previous, KEY, 10**9))

    def test_previous_of_another(self) -> None:
        """The id of another config is refused."""
        self.fill()
        ((number,),) = self.sql("SELECT id FROM config_info WHERE tenant_id=''")
        with self.assertRaises(OtherConfig):
            self.run_in(store_history.previous, KEY, number)

    def test_padded(self) -> None:
        """op_type of a database that pads it."""
        self.fill(1)
        self.sql("UPDATE his_config_info SET op_type='I         '")
        self.assertEqual(self.run_in(store_history.history, KEY, 1, 1).items[0].kind, "I")

    def test_trim(self) -> None:
        """What is older goes, a bounded number at a time, the oldest first."""
        self.fill(6)
        before = T0 + 4000
        self.assertEqual(self.value(TrimHistory(before, 3)), 3)
        left = self.sql("SELECT COUNT(*) FROM his_config_info WHERE tenant_id='ns'")
        self.assertIn(left, ([(4,)], [(3,)]))
        self.assertEqual(self.value(TrimHistory(before, 3)), 2)
        self.assertEqual(self.value(TrimHistory(before, 3)), 0)
        self.assertEqual(self.sql("SELECT COUNT(*) FROM his_config_info"), [(2,)])


on_each(globals(), Past, databases=ALL)
del StoreCase, Past
