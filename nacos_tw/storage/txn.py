"""What a transaction offers to the functions that run in it, the same on MySQL, PostgreSQL and SQLite."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from typing import Any

import attrs

Row = tuple[Any, ...]


@attrs.frozen(cache_hash=True)
class Columns:
    """
    What the schema has beyond the one of Nacos 1.4.

    @ivar encrypted_data_key: config_info.encrypted_data_key (2.0).
    @ivar history_encrypted_data_key: his_config_info.encrypted_data_key (2.0).
    @ivar beta_encrypted_data_key: config_info_beta.encrypted_data_key (2.0 to 2.4).
    @ivar history_publish_type: his_config_info.publish_type (2.4).
    @ivar history_gray_name: his_config_info.gray_name and ext_info (2.5).
    @ivar gray: the table config_info_gray (2.5).
    @ivar gray_millis: whether its gmt_* keep milliseconds, as 2.5's own do.
    @ivar labelled: whether config_info_gray takes copies by labels: it is there, or is ours, which has nothing else.
    @ivar beta: the tables config_info_beta and config_info_tag (all up to 2.4; a fresh 2.5 has C{gray} only).
    @ivar namespace_dates: whether tenant_info.gmt_* are dates, as in Nacos's file for PostgreSQL; else milliseconds.
    """

    encrypted_data_key: bool = True
    history_encrypted_data_key: bool = True
    beta_encrypted_data_key: bool = True
    history_publish_type: bool = True
    history_gray_name: bool = True
    gray: bool = False
    gray_millis: bool = False
    labelled: bool = True
    beta: bool = True
    namespace_dates: bool = False


class Txn(abc.ABC):
    """
    One open transaction. It ends when the function that got it returns (commit) or raises (rollback).

    Statements have C{?} for each parameter. All methods raise L{nacos_tw.errors.Unavailable} when the database is lost
    or does not answer in time, L{nacos_tw.errors.BadParameter} when it refuses a value, and
    L{nacos_tw.errors.Duplicate} when a unique key is taken. After C{Duplicate} and C{BadParameter} the
    transaction goes on: the statement alone had no effect.

    @ivar dialect: "mysql", "postgresql" or "sqlite".
    @ivar columns: the schema's optional parts.
    @ivar last_id: the id that the last INSERT gave to its row.
    @ivar for_update: to append to a SELECT whose rows this transaction will write.
    @ivar for_share: to append to a SELECT that is to see what was committed since the transaction began.
    """

    __slots__ = ("columns", "last_id")

    dialect: str
    for_update: str
    for_share: str

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self.last_id = 0

    @abc.abstractmethod
    def execute(self, sql: str, params: Sequence[Any] = ()) -> int:
        """
        Run a statement that gives no rows.

        @return: the number of rows that it found to change, also of those that had the new values already.
        """

    @abc.abstractmethod
    def all(self, sql: str, params: Sequence[Any] = ()) -> list[Row]:
        """Run a query. @return: all its rows."""

    @abc.abstractmethod
    def one(self, sql: str, params: Sequence[Any] = ()) -> Row | None:
        """Run a query. @return: its first row, None if there is none."""

    @abc.abstractmethod
    def datetime(self, millis: int, whole: bool = True) -> Any:
        """
        A moment, in milliseconds since 1970, as the value of a C{gmt_*} column.

        @param whole: whether the column keeps whole seconds alone, as most of MySQL's do.
        """

    @abc.abstractmethod
    def millis(self, value: Any) -> int:
        """The value of such a column, in milliseconds since 1970; 0 for NULL and MySQL's zero date."""
