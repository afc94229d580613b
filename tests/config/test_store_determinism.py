"""The same commands make the same rows and ids, however they are cut into transactions: the store is replicated."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.config import commands as c
from nacos_tw.config import results
from nacos_tw.config.model import ConfigKey, md5_of
from nacos_tw.database.applying import apply
from nacos_tw.database.commands import DatabaseCommand, decode, encode
from nacos_tw.namespaces.commands import CreateNamespace, DeleteNamespace, UpdateNamespace
from nacos_tw.storage.sqlite import SQLiteFile
from tests.config.databases import T0, TABLES

POLICIES = st.sampled_from([c.ABORT, c.SKIP, c.OVERWRITE])
GROUPS, TENANTS = st.sampled_from(["", "g"]), st.sampled_from(["", "ns"])
KEYS = st.sampled_from([("", "g", "a"), ("", "g", "b"), ("", "h", "a"), ("ns", "g", "a"), ("ns", "G", "a")])
CONTENTS = st.sampled_from(["one", "two", "三", "x" * 50])
TIMES = st.integers(T0, T0 + 10_000)
MD5S = st.none() | CONTENTS.map(md5_of)
MAYBE = st.none() | st.sampled_from(["", "a", "a,b", "b"])
QUOTAS = st.none() | st.builds(
    c.Quotas, st.integers(1, 4), st.integers(1, 3), st.integers(1, 3), st.sampled_from([3, 50])
)
ITEMS = st.builds(c.ImportItem, KEYS, CONTENTS, MAYBE, MAYBE, MAYBE, MAYBE)
COMMANDS: st.SearchStrategy[DatabaseCommand] = st.one_of(
    st.builds(
        c.Publish, KEYS, CONTENTS, MAYBE, TIMES, app_name=MAYBE, tags=MAYBE, desc=MAYBE, src_user=MAYBE, cas_md5=MD5S,
        encrypted_data_key=MAYBE, quotas=QUOTAS, counted=st.booleans(),
    ),
    st.builds(c.PublishBeta, KEYS, CONTENTS, st.just("1.1.1.1"), TIMES, cas_md5=MD5S),
    st.builds(c.PublishTag, KEYS, CONTENTS, st.sampled_from(["t1", "t2"]), TIMES, cas_md5=MD5S),
    st.builds(c.Remove, KEYS, TIMES, st.none() | st.just("t1")),
    st.builds(c.RemoveMany, st.lists(st.integers(-1, 12), max_size=5), TIMES),
    st.builds(c.StopBeta, KEYS, TIMES),
    st.builds(c.Import, st.lists(ITEMS, max_size=4), POLICIES, TIMES, quotas=QUOTAS),
    st.builds(c.EnsureCapacity, GROUPS, TENANTS, TIMES),
    st.builds(c.SetCapacity, GROUPS, TENANTS, TIMES, st.none() | st.integers(0, 3)),
    st.builds(c.CountUsage, TIMES),
    st.builds(c.TrimHistory, TIMES, st.integers(0, 3)),
    st.builds(CreateNamespace, st.sampled_from(["ns", "n2"]), st.just("N"), MAYBE, TIMES),
    st.builds(UpdateNamespace, st.sampled_from(["ns", "n2"]), st.just("M"), MAYBE, TIMES),
    st.builds(DeleteNamespace, st.sampled_from(["ns", "n2"])),
)  # fmt: skip


def shown(result: results.Result) -> Any:
    """A result that can be compared: errors by class and text."""
    value = result.value
    return (repr(value) if isinstance(value, Exception) else value), result.changed


def dump(file: SQLiteFile) -> dict[str, list[Any]]:
    """Every row of every table."""
    with file.reading() as txn:
        tables = [table for table in TABLES if table != "config_info_gray"]
        found = {table: txn.all(f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in tables}
        found["sqlite_sequence"] = txn.all("SELECT * FROM sqlite_sequence ORDER BY name")
        return found


class DeterminismTests(SynchronousTestCase):
    """Two nodes."""

    def setUp(self) -> None:
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.names = itertools.count()

    def file(self) -> SQLiteFile:
        return SQLiteFile(f"{self.folder}/{next(self.names)}.db", synchronous="OFF")

    @settings(max_examples=60)
    @given(st.lists(COMMANDS, max_size=25), st.integers(1, 25))
    def test_same(self, commands: list[DatabaseCommand], together: int) -> None:
        """One node applies them one by one, the other decoded from their bytes and many in a transaction."""
        first, second = self.file(), self.file()
        try:
            results = []
            for command in commands:
                with first.transaction() as txn:
                    results.append(shown(apply(txn, command)))
            others = []
            for start in range(0, len(commands), together):
                with second.transaction() as txn:
                    for command in commands[start : start + together]:
                        others.append(shown(apply(txn, decode(encode(command)))))
            self.assertEqual(results, others)
            self.assertEqual(dump(first), dump(second))
            self.check(first)
        finally:
            first.close()
            second.close()

    def check(self, file: SQLiteFile) -> None:
        """What must hold whatever happened."""
        with file.reading() as txn:
            for content, md5 in txn.all("SELECT content, md5 FROM config_info"):
                self.assertEqual(md5, md5_of(content))
            lost = txn.all("SELECT id FROM config_tags_relation WHERE id NOT IN (SELECT id FROM config_info)")
            self.assertEqual(lost, [])

    @settings(max_examples=60)
    @given(st.lists(COMMANDS, max_size=12))
    def test_refused_changes_nothing(self, commands: list[DatabaseCommand]) -> None:
        """A command that ends in an error leaves every row as it was."""
        file = self.file()
        try:
            for command in commands:
                before = dump(file)
                with file.transaction() as txn:
                    result = apply(txn, command)
                if isinstance(result.value, Exception):
                    self.assertEqual(dump(file), before)
                    self.assertEqual(result.changed, ())
        finally:
            file.close()

    @settings(max_examples=60)
    @given(st.lists(COMMANDS, max_size=12))
    def test_history_tells(self, commands: list[DatabaseCommand]) -> None:
        """Each content of a config is in its history, once it was replaced or removed."""
        file = self.file()
        seen: dict[ConfigKey, list[str]] = {}
        try:
            for command in commands:
                if isinstance(command, (c.Publish, c.Remove)):
                    with file.transaction() as txn:
                        result = apply(txn, command)
                    if isinstance(command, c.Publish) and result.value is True:
                        seen.setdefault(command.key, []).append(command.content)
            with file.reading() as txn:
                for key, contents in seen.items():
                    tenant, group, data_id = key
                    rows = txn.all(
                        "SELECT op_type, content FROM his_config_info WHERE tenant_id=? AND group_id=? AND data_id=?"
                        " AND publish_type='formal' ORDER BY nid",
                        (tenant, group, data_id),
                    )
                    kept = [content for kind, content in rows if kind in "UD"]
                    self.assertEqual(kept, contents[: len(kept)])
                    self.assertGreaterEqual(len(kept), len(contents) - 1)
        finally:
            file.close()
