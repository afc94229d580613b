"""Commands as SQL in the caller's transaction: each kind by the part that keeps its rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

from nacos_tw.auth import store as accounts
from nacos_tw.auth.commands import AuthCommand
from nacos_tw.config import store as configs
from nacos_tw.config.results import Result
from nacos_tw.config.store_rows import Ids
from nacos_tw.config.store_usage import Usage
from nacos_tw.database.commands import DatabaseCommand, Level
from nacos_tw.namespaces import store as namespaces
from nacos_tw.namespaces.commands import CreateNamespace, DeleteNamespace, UpdateNamespace
from nacos_tw.storage.txn import Txn


def apply(txn: Txn, command: DatabaseCommand, usage: Usage | None = None, ids: Ids | None = None) -> Result:
    """
    Run a command. Nothing is committed here.

    @param usage, ids: see L{nacos_tw.config.store.apply}.
    @return: what came of it. When C{value} is an exception, the transaction is as it was before the command.
    @raise nacos_tw.errors.NacosError: the database failed, or the command is refused: roll the transaction back.
    """
    run = _OTHERS.get(type(command))
    return configs.apply(txn, command, usage, ids) if run is None else run(txn, command)  # type: ignore[arg-type]


def _namespace(run: Callable[[Txn, Any], bool]) -> Callable[[Txn, Any], Result]:
    return lambda txn, command: Result(run(txn, command))


def _accounts(txn: Txn, command: AuthCommand) -> Result:
    return Result(accounts.apply(txn, command), accounts=True)


def _level(txn: Txn, command: Level) -> Result:
    if command.level > level_of(txn):
        txn.execute("INSERT OR REPLACE INTO meta (name, value) VALUES ('level', ?)", (command.level,))
    return Result(None)


def level_of(txn: Txn) -> int:
    """The level that every member is known to have had: of an embedded database, the only kind that has one."""
    row = txn.one("SELECT value FROM meta WHERE name='level'", ())
    return 0 if row is None else int(row[0])


_OTHERS: dict[type, Callable[[Txn, Any], Result]] = {
    CreateNamespace: _namespace(namespaces.create),
    UpdateNamespace: _namespace(namespaces.update),
    DeleteNamespace: _namespace(namespaces.delete),
    Level: _level,
    **dict.fromkeys(get_args(AuthCommand), _accounts),
}
"""What is not done by configs."""
