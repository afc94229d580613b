"""The database behind the replicated log, with embedded storage.

Each node has a SQLite file of its own, changed only by applied log entries. All entries that are
applied in one go are one transaction, and the index of the last one stands in the same transaction,
so file and index agree after any crash. The file is not synced at each commit: what a power failure
takes from its end comes again from the Raft log, which is; only before the log forgets entries is
the file made durable (L{ConfigMachine.capture}).
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO

import msgspec
from twisted.logger import Logger

from nacos_tw.config import store_check
from nacos_tw.config.changes import Changes
from nacos_tw.config.commands import Publish
from nacos_tw.config.model import ConfigKey
from nacos_tw.config.results import Result, Written
from nacos_tw.config.store_check import Checked
from nacos_tw.config.store_rows import Ids
from nacos_tw.config.store_usage import Usage
from nacos_tw.database import applying, commands
from nacos_tw.database.commands import DatabaseCommand
from nacos_tw.database.frozen import FrozenDatabase
from nacos_tw.errors import BadParameter, Damaged, Defect, Duplicate, NacosError
from nacos_tw.interfaces import IFrozen
from nacos_tw.memo import BoundedMemo
from nacos_tw.storage.quarantine import quarantine
from nacos_tw.storage.sqlite import SQLiteFile
from nacos_tw.storage.sqlite_txn import SQLiteTxn
from nacos_tw.storage.txn import Txn

NAME = b"c"
"""This machine's name in the log, see L{nacos_tw.raft.sessions.Machines}."""

TEMPORARY = "image-"
"""How the names of passing files beside the database begin."""
MOST_IDS = 4096
"""Configs whose ids are remembered, so that who publishes one again need not look for it: some 1.5 MB."""
_REFUSED = "the embedded database cannot be written to"


class ConfigMachine:
    """
    An L{IDurableMachine<nacos_tw.interfaces.IDurableMachine>} that applies configuration commands.

    @ivar on_written: called with configs that were published and whose rows are known, in the reactor's thread, before
        the writers are answered.
    @ivar on_changed: called likewise with an open transaction and the other configs that differ now; with None for all
        configs.
    @ivar on_accounts: called likewise when users, roles or permissions differ.
    @ivar on_quarantined: called when the state was put away and is about to be made anew from the log.
    @ivar on_renewed: called with the folder that a damaged file was moved to, when there is a new, empty one.
    @ivar begun_anew: whether the file held more than the log since the start: until the next snapshot it cannot be
        made again from that.
    @ivar on_grown: called when it is time for the file's L{checkpoint<SQLiteFile.checkpoint>}.
    """

    log = Logger()
    part = "database"

    def __init__(self, file: SQLiteFile) -> None:
        self.on_written: Callable[[Iterable[Written]], None] = lambda written: None
        self.on_changed: Callable[[Txn, list[ConfigKey] | None], None] = lambda txn, keys: None
        self.on_accounts: Callable[[Txn], None] = lambda txn: None
        self.on_quarantined: Callable[[], None] = lambda: None
        self.on_grown: Callable[[], None] = lambda: None
        self.on_renewed: Callable[[str], None] = lambda folder: None
        self.begun_anew = False
        self._refused = False
        self._file = file
        self._index = self._term = 0
        self._open: contextlib.ExitStack | None = None
        self._txn: SQLiteTxn | None = None
        self._changes = Changes()
        self._usage = Usage()
        self._ids: Ids = BoundedMemo(MOST_IDS)
        self._done: list[bytes] = []
        self._accounts_changed = False
        self.applied, self.applied_term = self._read_applied()

    @property
    def lost(self) -> bool:
        """See L{IDurableMachine.lost<nacos_tw.interfaces.IDurableMachine.lost>}."""
        return self._refused or bool(self._file.damage)

    def _trouble(self) -> NacosError:
        """Why nothing can be applied."""
        return Damaged(self._file.damage) if self._file.damage else NacosError(_REFUSED)

    def _read_applied(self) -> tuple[int, int]:
        with self._file.reading() as txn:
            found: dict[str, Any] = dict(
                txn.all("SELECT name, value FROM meta WHERE name IN ('applied', 'applied_term')")
            )
        return int(found.get("applied", 0)), int(found.get("applied_term", 0))

    @property
    def level(self) -> int:
        """See L{Level<nacos_tw.database.commands.Level>}."""
        with self._file.reading() as txn:
            return applying.level_of(txn)

    def begin(self, index: int, term: int) -> None:
        """See L{IDurableMachine.begin<nacos_tw.interfaces.IDurableMachine.begin>}."""
        self._index, self._term = index, term

    def apply(self, command: bytes) -> Any:
        """Apply one command, wholly or not at all; a refusal is returned. A defect fails the command, not the log."""
        if self.lost:
            return self._trouble()
        try:
            result = self._apply(self._transaction(), command)
        except NacosError as error:
            self._file.suspect(error)
            self._give_up()
            return self._trouble() if self._file.damage else error
        if isinstance(result, NacosError):
            return result
        self._done.append(command)
        self._changes.add(result)
        self._accounts_changed = self._accounts_changed or result.accounts
        return result.value

    def _apply(self, txn: SQLiteTxn, data: bytes) -> Result | NacosError:
        try:
            command = commands.decode(data)
        except msgspec.MsgspecError:
            self.log.failure("a configuration command could not be read")
            return Defect()
        if type(command) is Publish and command.quotas is None:
            # Nearly all commands, and hardly one fails after it has written something. So there is no savepoint, which
            # would cost as much as the command: SQLite copies each page that is written to for the first time in it.
            before = txn.changes
            result = self._run(txn, command, self._usage, self._ids)
            if isinstance(result, NacosError) and txn.changes != before:
                self._begin_again()
            return result
        self._usage.write(txn)
        txn.execute("SAVEPOINT command")
        result = self._run(txn, command)
        if isinstance(result, NacosError):
            txn.execute("ROLLBACK TO command")
        txn.execute("RELEASE command")
        return result

    def _run(
        self, txn: Txn, command: DatabaseCommand, usage: Usage | None = None, ids: Ids | None = None
    ) -> Result | NacosError:
        """What came of the command, or why it is refused."""
        try:
            return applying.apply(txn, command, usage, ids)
        except (BadParameter, Duplicate) as refusal:
            return refusal
        except NacosError:
            raise
        except Exception:
            self.log.failure("a configuration command could not be applied")
            return Defect()

    def _begin_again(self) -> None:
        """Undo what a failed command has left: the whole transaction, then do again what had succeeded in it."""
        done = self._done
        self._roll_back()
        txn = self._transaction()
        for data in done:
            self._apply(txn, data)
        self._done = done

    def _transaction(self) -> SQLiteTxn:
        if self._txn is None:
            self._open = contextlib.ExitStack()
            self._txn = self._open.enter_context(self._file.transaction())
        return self._txn

    def _give_up(self) -> None:
        """The disk refused: nothing since the last flush is there."""
        self._refused = True
        self._changes = Changes()
        self._accounts_changed = False
        self._roll_back()

    def _roll_back(self) -> None:
        stack, self._open, self._txn = self._open, None, None
        self._done = []
        self._usage.forget()
        self._ids.clear()  # one that was given in this transaction is given again
        if stack is not None:
            with contextlib.suppress(NacosError):
                stack.__exit__(NacosError, NacosError("given up"), None)

    def flush(self) -> None:
        """See L{IDurableMachine.flush<nacos_tw.interfaces.IDurableMachine.flush>}."""
        if self.lost:
            raise self._trouble()
        if self._txn is None or self._open is None:
            return
        changes, accounts = self._changes, self._accounts_changed
        try:
            self._usage.write(self._txn)
            self._write_applied(self._txn, self._term != self.applied_term)
            stack, self._open, self._txn = self._open, None, None
            self._changes, self._accounts_changed, self._done = Changes(), False, []
            stack.close()
        except NacosError as error:
            self._file.suspect(error)
            self._give_up()
            raise
        self.applied, self.applied_term = self._index, self._term
        self.on_written(changes.written())
        changed = changes.to_read()
        if changed or accounts:
            with self._file.reading() as txn:
                if changed:
                    self.on_changed(txn, changed)
                if accounts:
                    self.on_accounts(txn)
        if self._file.grown:
            self.on_grown()

    def _write_applied(self, txn: Txn, term: bool) -> None:
        txn.execute("INSERT OR REPLACE INTO meta (name, value) VALUES ('applied', ?)", (self._index,))
        if term:
            txn.execute("INSERT OR REPLACE INTO meta (name, value) VALUES ('applied_term', ?)", (self._term,))

    def mend(self, row: Checked, content: str, md5: str) -> bool:
        """
        Put a content right that the disk has changed; the log knows nothing of it.

        @return: False if it is another by now, or nothing can be written.
        """
        if self.lost or self._txn is not None:
            return False
        with self._file.transaction() as txn:
            if not store_check.mend(txn, row, content, md5):
                return False
        with self._file.reading() as txn:
            self.on_changed(txn, [row.key])
        return True

    # -- snapshots

    def freeze(self) -> IFrozen:
        """See L{IHashed.freeze<nacos_tw.interfaces.IHashed.freeze>}."""
        return FrozenDatabase(self._file)

    def capture(self) -> Callable[[], BinaryIO]:
        """See L{IDurableMachine.capture<nacos_tw.interfaces.IDurableMachine.capture>}."""
        state = self._file.read_snapshot()
        folder = os.path.dirname(self._file.path)

        def read() -> BinaryIO:
            with state:
                self._file.checkpoint()
                handle, path = tempfile.mkstemp(prefix=TEMPORARY, dir=folder)
                os.close(handle)
                try:
                    self._file.save_snapshot(state, path)
                    return open(path, "rb")
                finally:
                    os.unlink(path)

        return read

    def snapshot(self) -> bytes:
        """The state's bytes."""
        with self.capture()() as copy:
            return copy.read()

    def restore(self, data: bytes) -> None:
        """Replace the state."""
        self.restore_from(memoryview(data))

    def restore_from(self, data: memoryview) -> None:
        """See L{IDurableMachine.restore_from<nacos_tw.interfaces.IDurableMachine.restore_from>}."""
        handle, path = tempfile.mkstemp(prefix=TEMPORARY, dir=os.path.dirname(self._file.path))
        try:
            with os.fdopen(handle, "wb") as copy:
                copy.write(data)
            self._ids.clear()
            self._file.load(path)
        finally:
            os.unlink(path)
        with self._file.transaction() as txn:
            self._write_applied(txn, True)
        self.applied, self.applied_term, self._refused = self._index, self._term, False
        with self._file.reading() as txn:
            self.on_changed(txn, None)
            self.on_accounts(txn)

    def begins_anew(self) -> None:
        """See L{IDurableMachine.begins_anew<nacos_tw.interfaces.IDurableMachine.begins_anew>}."""
        self.log.warn("the Raft log is a new one; the configs that {path} holds stay", path=self._file.path)
        with self._file.transaction() as txn:
            self._index = self._term = 0
            self._write_applied(txn, True)
        self.applied = self.applied_term = 0
        self.begun_anew = True

    def quarantine(self) -> str:
        """See L{IDurableMachine.quarantine<nacos_tw.interfaces.IDurableMachine.quarantine>}."""
        self._changes = Changes()
        self._roll_back()
        where = quarantine(self._file)
        self.applied = self.applied_term = 0
        self._refused = False
        self.on_quarantined()
        with self._file.reading() as txn:
            self.on_changed(txn, None)
        return where

    def reopened(self) -> None:
        """After the disk refused: begin again with what is in the file; with nothing, if it is damaged."""
        self._ids.clear()
        if self._file.damage:
            self.on_renewed(self._file.renew())
        self.applied, self.applied_term = self._read_applied()
        self._refused = False
