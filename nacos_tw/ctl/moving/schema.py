"""
A MySQL database of a Nacos brought up to date where it is: what Nacos 3.0 to 3.2 do at their start, and 3.3 no longer.

All but the new columns and tables, which MySQL cannot take back, is one transaction. What is done already is left
alone.
"""

from __future__ import annotations

import time
from typing import Any

import attrs

from nacos_tw.config.store_adopt import adopt, waiting
from nacos_tw.ctl.failures import Failure
from nacos_tw.errors import NacosError
from nacos_tw.storage.jdbc import parse
from nacos_tw.storage.mysql_link import MySQLLink
from nacos_tw.storage.txn import Txn

PUBLIC = {"public": "public", "empty": ""}
"""What the public namespace is called in C{tenant_id}: by Nacos 3, and by this server and Nacos up to 2.x."""
PATIENCE = 600.0
"""Seconds that one statement may take: a table with long contents is written anew."""
GRAY = """CREATE TABLE config_info_gray (
  id bigint(20) unsigned NOT NULL AUTO_INCREMENT, data_id varchar(255) NOT NULL, group_id varchar(128) NOT NULL,
  content longtext NOT NULL, md5 varchar(32) DEFAULT NULL, src_user text, src_ip varchar(100) DEFAULT NULL,
  gmt_create datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  gmt_modified datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3), app_name varchar(128) DEFAULT NULL,
  tenant_id varchar(128) DEFAULT '', gray_name varchar(128) NOT NULL, gray_rule text NOT NULL,
  encrypted_data_key varchar(256) NOT NULL DEFAULT '', PRIMARY KEY (id),
  UNIQUE KEY uk_configinfogray_datagrouptenantgray (data_id, group_id, tenant_id, gray_name),
  KEY idx_dataid_gmt_modified (data_id, gmt_modified), KEY idx_gmt_modified (gmt_modified)
) ENGINE = InnoDB DEFAULT CHARSET = utf8 COLLATE = utf8_bin"""
"""As conf/nacos-mysql.sql has it."""
COLUMNS = (
    ("config_info", "encrypted_data_key", "varchar(1024) NOT NULL DEFAULT ''"),
    ("config_info_beta", "encrypted_data_key", "varchar(1024) NOT NULL DEFAULT ''"),
    ("his_config_info", "encrypted_data_key", "varchar(1024) NOT NULL DEFAULT ''"),
    ("his_config_info", "publish_type", "varchar(50) DEFAULT 'formal'"),
    ("his_config_info", "gray_name", "varchar(50) DEFAULT NULL"),
    ("his_config_info", "ext_info", "longtext DEFAULT NULL"),
)
"""Columns that newer versions have."""
COPIES = {"config_info_beta": "", "config_info_tag": "tag_id", "config_info_gray": "gray_name"}
"""Tables of copies, and what tells several copies of one config apart."""
_KEPT = "data_id, group_id, tenant_id, gmt_create, gmt_modified, app_name, content, md5, src_user, src_ip"
_HISTORY = {"config_info": ("", ""), "config_info_gray": (", publish_type, gray_name", ", 'gray', gray_name")}
"""Tables of which history has rows, and what these have beyond L{_KEPT}. What the older tables have is there, too."""


@attrs.frozen
class Step:
    """
    What was done, or would be.

    @ivar what: C{column}, C{table}, C{copies}, C{namespace}, C{same}, C{older} or C{conflict}.
    @ivar where: the table, or what it is about.
    @ivar rows: how many of them.
    """

    what: str
    where: str
    rows: int
    detail: str = ""


class Schema:
    """
    One database.

    @ivar steps: what was done.
    """

    def __init__(self, url: str, user: str, password: str) -> None:
        """
        Connect to it.

        @param url: as C{db.url.0} has it.
        @raise Failure: that is not possible.
        """
        self.steps: list[Step] = []
        try:
            found = parse(url, user, password, "the URL")
            if len(found) != 1:
                raise Failure("name one server: the one that takes the writes")
            target = attrs.evolve(found[0], socket_timeout=PATIENCE)
            self._link = MySQLLink(target)
            self._link.open(PATIENCE)
        except NacosError as error:
            raise Failure(str(error)) from None

    def close(self) -> None:
        """The connection ends."""
        self._link.close()

    def run(self, public: str, *, dry: bool, newest: bool, force: bool) -> list[Step]:
        """
        Do it.

        @param public: what the public namespace is to be called, one of L{PUBLIC}.
        @param dry: only tell.
        @param newest: of two configs that are both there and differ take the later one.
        @param force: although somebody else is connected, or a namespace is called C{public}.
        @raise Failure: it is not to be done, or the database refused; then no row was changed.
        """
        txn = self._link.txn(lambda: None)
        try:
            if not force:
                self._check(txn, public)
            self._complete(txn, dry)
            txn.columns = self._link.describe().columns
            self._adopt(txn, dry)
            to = PUBLIC[public]
            self._rename(txn, "public" if not to else "", to, newest, dry)
            if dry:
                self._link.rollback()
            else:
                self._link.commit()
        except NacosError as error:
            self._link.rollback()
            raise Failure(f"{error}; no row was changed") from None
        return self.steps

    def _did(self, what: str, where: str, rows: int, detail: str = "") -> None:
        if rows:
            self.steps.append(Step(what, where, rows, detail))

    @staticmethod
    def _number(txn: Txn, sql: str, *params: Any) -> int:
        row = txn.one(sql, params)
        return 0 if row is None else int(row[0])

    def _check(self, txn: Txn, public: str) -> None:
        others = self._number(
            txn, "SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
        )
        if others:
            raise Failure(
                f"{others} other connections use the database: stop the servers first. --force does it all the same"
            )
        if public == "public" and self._number(txn, "SELECT COUNT(*) FROM tenant_info WHERE tenant_id = 'public'"):
            raise Failure(
                "a namespace of its own has the id public: its configs and those of the public namespace would become "
                "one. Rename or remove it first; --force does it all the same"
            )

    # -- tables and columns

    def _complete(self, txn: Txn, dry: bool) -> None:
        found: dict[str, set[str]] = {}
        for table, column in txn.all(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = DATABASE()"
        ):
            found.setdefault(str(table).lower(), set()).add(str(column).lower())
        for table, column, kind in COLUMNS:
            if table in found and column not in found[table]:
                self._did("column", table, 1, column)
                if not dry:
                    txn.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
        if "config_info_gray" not in found:
            self._did("table", "config_info_gray", 1)
            if not dry:
                txn.execute(GRAY)

    # -- copies for some clients

    def _adopt(self, txn: Txn, dry: bool) -> None:
        """What the older tables have and config_info_gray does not, as a node of this server does it."""
        if txn.columns.gray:
            names = waiting(txn)
            self._did("copies", "config_info_gray", len(names))
            adopt(txn, names, int(time.time() * 1000))
        elif dry:
            count = 0
            for table in ("config_info_beta", "config_info_tag"):
                if txn.columns.beta:
                    count += self._number(txn, f"SELECT COUNT(*) FROM {table}")  # noqa: S608
            self._did("copies", "config_info_gray", count)

    # -- the public namespace

    def _rename(self, txn: Txn, old: str, new: str, newest: bool, dry: bool) -> None:
        self._rename_in(txn, "config_info", "", old, new, newest, dry)
        for table, name in COPIES.items():
            if txn.columns.gray if table == "config_info_gray" else txn.columns.beta:
                self._rename_in(txn, table, name, old, new, newest, dry)
        left = "id IN (SELECT id FROM config_info WHERE tenant_id = ?)"
        moved = txn.execute(
            f"UPDATE config_tags_relation SET tenant_id = ? WHERE tenant_id = ? AND NOT {left}",  # noqa: S608
            (new, old, old),
        )
        self._did("namespace", "config_tags_relation", moved)
        moved = txn.execute("UPDATE his_config_info SET tenant_id = ? WHERE tenant_id = ?", (new, old))
        self._did("namespace", "his_config_info", moved)

    def _rename_in(self, txn: Txn, table: str, name: str, old: str, new: str, newest: bool, dry: bool) -> None:
        """@param name: a column of the table's key besides those of a config; "" for none."""
        also = f" AND a.{name} = b.{name}" if name else ""
        pairs = txn.all(
            f"SELECT a.id, b.id, COALESCE(a.md5, '') = COALESCE(b.md5, ''), a.gmt_modified > b.gmt_modified,"  # noqa: S608
            f" a.data_id, a.group_id FROM {table} a JOIN {table} b ON a.data_id = b.data_id AND a.group_id = b.group_id"
            f"{also} WHERE a.tenant_id = ? AND b.tenant_id = ?",
            (old, new),
        )
        left = []
        for mine, there, same, later, data_id, group in pairs:
            if same or newest:
                gone, stays = (there, mine) if later and not same else (mine, there)
                self._drop(txn, table, gone, stays, keep=not same and not (dry and table in COPIES))
                detail = "" if same else f"{data_id} {group}: kept in the history"
                self._did("same" if same else "older", table, 1, detail)
            else:
                left.append(int(mine))
                self._did("conflict", table, 1, f"{data_id} {group}")
        but = f" AND id NOT IN ({', '.join(map(str, left))})" if left else ""
        moved = txn.execute(f"UPDATE {table} SET tenant_id = ? WHERE tenant_id = ?{but}", (new, old))  # noqa: S608
        self._did("namespace", table, moved)

    def _drop(self, txn: Txn, table: str, gone: int, stays: int, *, keep: bool) -> None:
        """Of two rows one goes; where they differ its content stays in the history of the other."""
        if keep and table in _HISTORY:
            more, values = _HISTORY[table]
            txn.execute(
                f"INSERT INTO his_config_info (id, op_type, {_KEPT}{more}) SELECT ?, 'U', {_KEPT}{values}"  # noqa: S608
                f" FROM {table} WHERE id = ?",
                (stays, gone),
            )
        txn.execute(f"DELETE FROM {table} WHERE id = ?", (gone,))  # noqa: S608
        if table == "config_info":
            txn.execute("DELETE FROM config_tags_relation WHERE id = ?", (gone,))
