"""Search, export rows, namespaces' configs (docs/spec/config-v1.md#3.3, #3.6, #5.5, #8)."""

from __future__ import annotations

from typing import Any

from nacos_tw.config import store_search
from nacos_tw.config.commands import Publish
from nacos_tw.config.problems import ConfigInvalid
from nacos_tw.config.requests import Search
from nacos_tw.errors import Invalid
from tests.config.databases import T0, StoreCase, on_each


class Searching(StoreCase):
    """GET ?search=."""

    def publish(self, data_id: str, group: str = "g", tenant: str = "", **more: Any) -> None:
        self.do(Publish((tenant, group, data_id), f"content of {data_id}", more.pop("type", None), T0, **more))

    def found(self, page_no: int = 1, page_size: int = 100, **wanted: Any) -> list[str]:
        page = self.run_in(store_search.search, Search(**wanted), page_no, page_size)
        return [item.key[2] for item in page.items]

    def test_accurate(self) -> None:
        """Exact names; an empty one is no filter; a * is a character."""
        self.publish("a")
        self.publish("a*")
        self.publish("ab", "h", app_name="app")
        self.publish("a", "g", "ns")
        self.assertEqual(self.found(), ["a", "a*", "ab"])
        self.assertEqual(self.found(data_id="a"), ["a"])
        self.assertEqual(self.found(data_id="a*"), ["a*"])
        self.assertEqual(self.found(group="h"), ["ab"])
        self.assertEqual(self.found(group="g", data_id="ab"), [])
        self.assertEqual(self.found(app_name="app"), ["ab"])
        self.assertEqual(self.found(tenant="ns"), ["a"])
        self.assertEqual(self.found(tenant="NS"), [])

    def test_blur(self) -> None:
        """* anywhere, also more than one; without one blur is exact; cases differ."""
        for data_id in ("app-db.yaml", "app-web.yaml", "App-db.yaml", "db"):
            self.publish(data_id)
        self.assertEqual(self.found(blur=True, data_id="app*"), ["app-db.yaml", "app-web.yaml"])
        self.assertEqual(self.found(blur=True, data_id="*db*"), ["app-db.yaml", "App-db.yaml", "db"])
        self.assertEqual(self.found(blur=True, data_id="a*b.y*l"), ["app-db.yaml", "app-web.yaml"])
        self.assertEqual(self.found(blur=True, data_id="db"), ["db"])
        self.assertEqual(self.found(blur=True, data_id="*", group="*"), self.found())
        self.assertEqual(self.found(blur=True, group="G*"), [])

    def test_wildcards_of_sql_are_characters(self) -> None:
        """% and _, and what the databases' own patterns have."""
        names = ["a_b", "aXb", "a%b", "a!b", "a?b", "a[b", "a[x]b", "a\\b"]
        for name in names:
            self.publish(name)
        for name in names:
            self.assertEqual(self.found(blur=True, data_id=name), [name])
            self.assertEqual(self.found(blur=True, data_id=name[:-1] + "*"), [each for each in names if
                             each.startswith(name[:-1])])  # fmt: skip
            self.assertEqual(self.found(blur=True, data_id="*" + name[1:]), [each for each in names if
                             each.endswith(name[1:])])  # fmt: skip

    def test_labels(self) -> None:
        """Any of the labels, and each config once."""
        self.publish("a", tags="x,y")
        self.publish("b", tags="y")
        self.publish("c", tags="z")
        self.publish("d")
        self.assertEqual(self.found(labels=("x", "y")), ["a", "b"])
        self.assertEqual(self.found(labels=("z", "none")), ["c"])
        self.assertEqual(self.found(labels=("*",)), [])
        self.assertEqual(self.found(labels=("*",), blur=True), ["a", "b", "c"])
        page = self.run_in(store_search.search, Search(labels=("x", "y")), 1, 1)
        self.assertEqual((page.total, page.available, len(page.items)), (2, 2, 1))

    def test_types(self) -> None:
        """Any of the types."""
        self.publish("a", type="json")
        self.publish("b", type="yaml")
        self.publish("c")
        self.assertEqual(self.found(types=("json", "yaml"), blur=True), ["a", "b"])

    def test_pages(self) -> None:
        """By id, so that nothing is shown twice; beyond the last is nothing."""
        names = [f"d{number}" for number in (5, 3, 9, 1, 7)]
        for name in names:
            self.publish(name)
        self.publish("d5", tags="again")
        pages = [self.found(page_no, 2) for page_no in (1, 2, 3, 4)]
        self.assertEqual(pages, [names[:2], names[2:4], names[4:], []])
        page = self.run_in(store_search.search, Search(), 9, 2)
        self.assertEqual((page.total, page.available, page.number, page.items), (5, 3, 9, []))

    def test_no_such_page(self) -> None:
        """Pages begin at 1."""
        for page_no, page_size in ((0, 1), (1, 0), (-1, 5)):
            with self.assertRaises(Invalid) as caught:
                self.run_in(store_search.search, Search(), page_no, page_size)
            self.assertEqual(caught.exception.rule, "page")

    def test_items(self) -> None:
        """Items are whole rows, but for the labels."""
        self.publish("a", type="json", app_name="app", tags="x")
        (item,) = self.run_in(store_search.search, Search(), 1, 1).items
        self.assertEqual((item.content, item.type, item.app_name, item.tags), ("content of a", "json", "app", None))
        full = self.run_in(store_search.full_row, item.key)
        assert full is not None
        self.assertEqual((full.id, full.tags), (item.id, "x"))
        self.assertIsNone(self.run_in(store_search.full_row, ("", "g", "none")))

    def test_large_pages(self) -> None:
        """Contents of a page have a limit together; one config is always given."""
        self.patch(store_search, "LARGEST_PAGE", 20)
        for number in range(3):
            self.do(Publish(("", "g", f"d{number}"), "\u4e2d" * 3, None, T0))
        self.do(Publish(("", "g", "large"), "x" * 50, None, T0))
        for page_no, page_size, found in ((1, 2, ["d0", "d1"]), (3, 1, ["d2"]), (4, 1, ["large"])):
            self.assertEqual(self.found(page_no, page_size, blur=True, data_id="*"), found)
        error = self.assertRaises(ConfigInvalid, self.found, 1, 3, blur=True, data_id="*")
        self.assertEqual((error.field, error.rule, error.limit), ("pageSize", "bytes", 20))

    def test_export(self) -> None:
        """Pages by the last id; sizes are bytes."""
        for number in range(5):
            self.do(Publish(("", "g", f"d{number}"), "a\x01\u4e2d" * (number + 1), None, T0))
        got, last = [], 0
        while found := self.run_in(store_search.export_page, Search(blur=True, data_id="d*"), last, 2):
            got += [(one.key[2], one.size) for one in found]
            last = found[-1].id
        self.assertEqual(got, [(f"d{number}", 5 * (number + 1)) for number in range(5)])

    def test_ids(self) -> None:
        """By ids, whatever the namespace; many of them too; each once."""
        for number in range(4):
            self.publish(f"d{number}", tenant=f"ns{number}")
        ids = [row[0] for row in self.sql("SELECT id FROM config_info ORDER BY id")]
        items = self.run_in(store_search.rows_by_ids, [ids[2], ids[0], ids[2], *range(10**6, 10**6 + 1200), 2**64])
        self.assertEqual([item.key[2] for item in items], ["d0", "d2"])
        self.assertEqual(self.run_in(store_search.rows_by_ids, []), [])

    def test_configs_of(self) -> None:
        """All of a namespace, and how many."""
        self.publish("a", tenant="ns", app_name="app", type="json")
        self.publish("b")
        (brief,) = self.run_in(store_search.configs_of, "ns")
        self.assertEqual((brief.key, brief.app_name, brief.type), (("ns", "g", "a"), "app", "json"))
        self.assertEqual(brief.modified_ms, T0)
        counts = [self.run_in(store_search.count, tenant) for tenant in (None, "ns", "", "none")]
        self.assertEqual(counts, [2, 1, 1, 0])


on_each(globals(), Searching)
del StoreCase, Searching
