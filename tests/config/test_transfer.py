"""Archives: what is written, what is read, and what is not unpacked."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.config import archive as archives
from nacos_tw.config import described, metadata
from nacos_tw.config.archive import type_by_name, unpack
from nacos_tw.config.exporting import batches, pack
from nacos_tw.config.model import Item, md5_of
from nacos_tw.config.problems import ArchiveError, ConfigInvalid, MetadataError
from tests.wording import said

AT = 1_795_449_497_589
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def item(number: int, group: str, data_id: str, content: str, **more: str | None) -> Item:
    return Item(number, ("", group, data_id), content, md5_of(content), AT, AT, **more)  # type: ignore[arg-type]


def archive(entries: Mapping[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in entries.items():
            made.writestr(name, text)
    return out.getvalue()


class Archives(SynchronousTestCase):
    def test_both_versions_come_back(self) -> None:
        items = [
            item(1, "G", "a.yaml", "x: 1\r\n", type="yaml", app_name="app", desc="d: \n'"),
            item(2, "组", "数据.2", "", type=None),
            item(3, "G", "big", "中" * 3_500_000, type="json"),
        ]
        for version in (1, 2):
            found = unpack(pack(items, version, AT))
            self.assertEqual(found.unrecognized, [])
            self.assertEqual(
                [(one.group, one.data_id, found.content(one)) for one in found.configs],
                [(one.key[1], one.key[2], one.content) for one in items],
            )
            self.assertEqual(found.configs[0].app_name, "app")
        self.assertEqual((found.configs[0].desc, found.configs[2].type), ("d: \n'", "json"))

    def test_entries(self) -> None:
        data = pack([item(1, "EX", "ex2", "x")], 1, AT)
        with zipfile.ZipFile(io.BytesIO(data)) as read:
            self.assertEqual(read.namelist(), ["EX/ex2"])
            self.assertEqual(read.infolist()[0].date_time, (2026, 11, 23, 15, 58, 16))
        data = pack([], 2, AT)
        found = unpack(data)
        self.assertEqual((found.configs, found.unrecognized), ([], []))

    def test_names(self) -> None:
        found = unpack(archive({"g/": "", "g/a": "1", "a/b/c": "2", "/x": "3", "x/": "", "y": "4", "g/..": "5"}))
        self.assertEqual([(one.group, one.data_id) for one in found.configs], [("g", "a"), ("g", "..")])
        self.assertEqual(found.unrecognized, ["a/b/c", "/x", "y"])

    def test_what_is_no_config_may_be_anything(self) -> None:
        """What a Mac adds to an archive is named, and keeps nothing out."""
        found = unpack(archive({"g/a": "1", "__MACOSX/g/._a": b"\0\5\x16\7\xff", ".DS_Store": b"\xff"}))
        self.assertEqual([(one.data_id, found.content(one)) for one in found.configs], [("a", "1")])
        self.assertEqual(found.unrecognized, ["__MACOSX/g/._a", ".DS_Store"])
        self.assertEqual(unpack(archive({"g/a": "1", "g/b": b"\xff"})).unreadable, ["g/b"])

    def test_chinese_names_of_old_windows(self) -> None:
        for encoding in ("gbk", "utf-8"):
            raw = "g/数据".encode(encoding)
            data = archive({"g/" + "q" * (len(raw) - 2): "1"}).replace(b"g/" + b"q" * (len(raw) - 2), raw)
            self.assertEqual(unpack(data).configs[0].data_id, "数据")

    def test_no_archive(self) -> None:
        good = archive({"g/a": "1" * 1000})
        for bad in (b"", b"PK", good[:-30], good[:40] + b"\xff" * 4 + good[44:]):
            self.assertRaises(ArchiveError, unpack, bad)

    def test_encrypted(self) -> None:
        data = bytearray(archive({"g/a": "1"}))
        at = data.index(b"PK\x01\x02")
        data[6] |= 1
        data[at + 8] |= 1
        self.assertRaises(ArchiveError, unpack, bytes(data))

    def unpacked_not(self, why: str, data: bytes) -> None:
        """An archive is refused, in such words."""
        self.assertIn(why, said(self.assertRaises(ArchiveError, unpack, data)))

    def test_bombs(self) -> None:
        self.patch(archives, "LARGEST_ENTRY", 1000)
        self.unpacked_not("an entry unpacks to too much", archive({"g/a": "x" * 1001}))
        self.patch(archives, "LARGEST_ARCHIVE", 1500)
        many = {"g/a": "x" * 800, "g/b": "x" * 800}
        self.unpacked_not("the archive unpacks to too much", archive(many))
        self.patch(archives, "MODEST", 500)
        self.patch(archives, "MOST_GROWTH", 2)
        self.unpacked_not("too much", archive({"g/a": "x" * 900}))
        self.patch(archives, "MOST_ENTRIES", 1)
        self.unpacked_not("more than 1 entries", archive({"g/a": "x", "g/b": "x"}))
        self.unpacked_not("name", archive({"g/" + "a" * 1100: "x"}))

    def test_an_entry_that_lies_about_its_size(self) -> None:
        data = archive({"g/a": "x" * 5000})
        at = data.index(b"PK\x01\x02")
        lying = data[: at + 24] + struct.pack("<L", 10) + data[at + 28 :]
        self.assertRaises(ArchiveError, unpack, lying)

    @given(st.binary(max_size=300))
    def test_noise(self, noise: bytes) -> None:
        good = archive({"g/a": "1", ".metadata.yml": "metadata:\n- dataId: a\n  group: g\n  type: text\n"})
        for data in (noise, good[: len(noise)] + noise, good[:50] + noise[:5] + good[50 + len(noise[:5]) :]):
            try:
                unpack(data)
            except (ArchiveError, MetadataError):
                pass

    def test_what_may_not_be_stored(self) -> None:
        """An entry is judged by what it is in characters, wherever it is cut into parts."""
        self.patch(archives, "PART", 5)
        for text, refusal in (
            ("\u2003 \n" * 60, "content is blank : " + ("\u2003 \n" * 60)[:100]),
            ("\U0001f600" * 41, "invalid content, over 40"),
            (" " * 41, "invalid content, over 40"),
        ):
            limit = 40 if "over" in refusal else 1000
            found = unpack(archive({"g/fine": "\u4e2d" * 40, "g/a": text}))
            error = self.assertRaises(ConfigInvalid, found.check, limit)
            self.assertEqual(said(error), refusal)
        unpack(archive({"g/a": " " * 30 + "\U0001f600" * 10})).check(40)
        self.assertEqual(unpack(archive({"g/a": "\u4e2d".encode()[:2]})).unreadable, ["g/a"])

    def test_long_metadata(self) -> None:
        """Metadata have a limit of their own: they are taken apart."""
        self.patch(archives, "LARGEST_METADATA", 100)
        for name in (".meta.yml", ".metadata.yml"):
            self.unpacked_not("metadata", archive({"g/a": "1", name: "#" * 101}))

    def test_one_name_twice(self) -> None:
        """The last entry of a name is the config, in the place of the first."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as made, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for name, text in (("g/a", "1"), ("g/b", "2"), ("g/a", "3")):
                made.writestr(name, text)
        found = unpack(out.getvalue())
        self.assertEqual([(one.data_id, found.content(one)) for one in found.configs], [("a", "3"), ("b", "2")])

    def test_batches(self) -> None:
        parts = list(batches([300_000] * 10, lambda size: size))
        self.assertEqual([len(part) for part in parts], [3, 3, 3, 1])
        self.assertEqual([len(part) for part in batches(["x"] * 1200, len)], [500, 500, 200])
        self.assertEqual(list(batches([], len)), [])

    def test_types(self) -> None:
        for name, kind in (("a.yml", "yaml"), ("a.HTM", "html"), ("a.txt", "text"), ("yaml", "text"), ("a.b", "text")):
            self.assertEqual(type_by_name(name), kind)


class Metadata(SynchronousTestCase):
    def test_as_nacos_writes_it(self) -> None:
        text = (
            "metadata:\n- appName: app1\n  dataId: ex.yaml\n  desc: exdesc\n  group: EX\n  type: yaml\n"
            "- appName: ''\n  dataId: ex2\n  group: EX\n  type: text\n"
        )
        items = [
            {"appName": "app1", "dataId": "ex.yaml", "desc": "exdesc", "group": "EX", "type": "yaml"},
            {"appName": "", "dataId": "ex2", "group": "EX", "type": "text"},
        ]
        self.assertEqual(described.load(text), items)
        self.assertEqual(metadata.write(items), text)
        self.assertEqual(described.load(metadata.write([])), [])

    def test_scalars(self) -> None:
        text = """\
# comment
---
metadata:
  - desc: 'it''s
      long

      text'   # why
    dataId: "a\\
      \\ b\\u4e2d\\n\\x41"
    group: plain text
      goes on  # comment
    type: ~
    other: [{any: thing}, 1]
    appName: >
      folded
      line
"""
        (item,) = described.load(text.replace("\n", "\r\n"))
        self.assertEqual(
            item,
            {
                "desc": "it's long\ntext",
                "dataId": "a b中\nA",
                "group": "plain text goes on",
                "type": None,
                "appName": "folded line\n",
            },
        )

    def test_refused(self) -> None:
        for text in (
            "", "x", "metadata: x", "metadata:\n  a: b", "metadata:\n- desc: 'b", 'metadata:\n- desc: "b',
            "metadata:\n- [a]", "metadata:\n- desc: {b: c}", "metadata:\n- desc: !!python/x y",
            "metadata:\n- desc: *b", 'metadata:\n- desc: "\\q"', 'metadata:\n- desc: "\\ud800"',
            "metadata:\n- desc: b\n- - c", "metadata: []\n---\nmetadata: []", "other: []", "- metadata",
        ):  # fmt: skip
            self.assertRaises(MetadataError, described.load, text)

    @given(st.dictionaries(st.sampled_from(described.FIELDS), TEXT, min_size=1))
    def test_any_text_comes_back(self, item: dict[str, str | None]) -> None:
        self.assertEqual(described.load(metadata.write([item, item])), [item, item])

    @given(st.text(st.sampled_from("metadata:-'\"|> \n\\#ab[{~")))
    def test_noise(self, text: str) -> None:
        try:
            described.load("metadata:\n- desc: " + text)
        except MetadataError:
            pass

    def test_limits(self) -> None:
        """Much that is written in a short time is read in a short time, or refused."""
        one = "- dataId: a\n  group: g\n  type: text\n"
        lines = 'metadata:\n- desc: "x\\\n' + "    y\\\n" * 2000 + '    z"\n'
        self.assertEqual(described.load(lines), [{"desc": "x" + "y" * 2000 + "z"}])
        self.assertEqual(len(described.load("metadata:\n" + one * 1000)), 1000)
        self.patch(described, "MOST_ITEMS", 1000)
        for text, why in (
            ("metadata:\n" + one * 1001, "too many items"),
            (lines.replace("    y", "    y" * 3), "too long"),
            ("metadata:\n- desc: " + "x" * 20_000, "too long"),
            ("\n" * 500_001 + "\r" * 500_000 + "metadata:\n" + one, "too many lines"),
        ):
            self.assertIn(why, said(self.assertRaises(MetadataError, described.load, text)))

    def test_any_yaml(self) -> None:
        """Lists and mappings in flow, anchors and merges, other keys, a document that ends."""
        text = """\
%YAML 1.1
---
version: {of: [us, 2]}
"metadata": [{dataId: a, group: &g g, type: text}, {"dataId": 1.0, 'group': *g, type: yaml, tags: [x, {y: z}]},
  &last {dataId: c, group: g, type: json, desc: }, {<<: *last, dataId: d}, {<<: [*last], type: !!str null}]
...
"""
        self.assertEqual(
            described.load(text),
            [
                {"dataId": "a", "group": "g", "type": "text"},
                {"dataId": "1.0", "group": "g", "type": "yaml"},
                {"dataId": "c", "group": "g", "type": "json", "desc": None},
                {"dataId": "d", "group": "g", "type": "json", "desc": None},
                {"dataId": "c", "group": "g", "type": "null", "desc": None},
            ],
        )
        for same in ("metadata: ~", "metadata:\n", "metadata: []", "{metadata: null}"):
            self.assertEqual(described.load(same), [], same)

    def test_line(self) -> None:
        """What is wrong is said with its line."""
        for text, line in (
            ("metadata:\n- dataId: a\n  group: [g]\n", 3), ("metadata:\n- a: b\n  c: 'd\n", 4), ("metadata:\n\n- x", 3),
            ("metadata:\n- dataId: a\n\tgroup: g", 3),
        ):  # fmt: skip
            problem = self.assertRaises(MetadataError, described.load, text)
            self.assertEqual(problem.line, line)
            self.assertIn(f"line {line}: ", said(problem))

    def test_applications(self) -> None:
        apps = {("G", "a.b.c"): "one", ("G", "plain"): "two"}
        text = metadata.dump_apps(apps)
        self.assertEqual(text, "G.a.b~c.app=one\r\nG.plain.app=two\r\n")
        found = metadata.load_apps(text)
        self.assertEqual([metadata.app_of(found, *key) for key in apps], ["one", "two"])
        self.assertIsNone(metadata.app_of(found, "G", "other"))
