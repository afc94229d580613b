"""The configuration centre on a database that all nodes share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar, get_args

from twisted.application.service import Service
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from nacos_tw.auth.account_sync import AccountSync
from nacos_tw.auth.commands import AuthCommand
from nacos_tw.config.cache import ConfigCache
from nacos_tw.config.cache_sync import CacheSync
from nacos_tw.config.configs import Waiting
from nacos_tw.config.intents import Intent, Intents
from nacos_tw.config.local import LocalFile
from nacos_tw.config.model import ConfigKey
from nacos_tw.config.notices import Ask, Notices
from nacos_tw.config.results import Result, Written
from nacos_tw.database import applying
from nacos_tw.database.commands import DatabaseCommand
from nacos_tw.interfaces import IDatabase
from nacos_tw.lasting import lasting
from nacos_tw.namespaces import store as namespaces
from nacos_tw.storage.errors import OutcomeUnknown
from nacos_tw.storage.txn import Txn

T = TypeVar("T")


def _no_peers(peer: str, what: str, body: bytes) -> Deferred[bytes]:
    raise AssertionError("there are no peers")


class ExternalBackend(Service):
    """
    Provides L{nacos_tw.config.configs.IConfigBackend}. The database service itself is started and stopped by the owner,
    around this one.

    @ivar notices: C{notices.asked(peer, body)} answers L{nacos_tw.config.notices.WHAT}.
    """

    log = Logger()
    has_namespace = staticmethod(namespaces.exists)

    def __init__(
        self,
        clock: IReactorTime,
        database: IDatabase,
        cache: ConfigCache,
        local: LocalFile,
        random: Callable[[], float],
        millis: Callable[[], int],
        ask: Ask = _no_peers,
        others: Callable[[], Iterable[str]] = tuple,
        accounts: AccountSync | None = None,
        intents: Intents | None = None,
    ) -> None:
        """
        @param cache: made with C{local}.
        @param random: in [0, 1).
        @param millis: the wall clock, in epoch milliseconds.
        @param ask, others: see L{Notices}; a node alone has none.
        @param accounts: follows the tables of users and their rights.
        @param intents: keeps what is being changed in case that the process is killed.
        """
        self._database = database
        self._local = local
        self._sync = CacheSync(clock, database, cache, local, random, millis)
        self._accounts = accounts
        self._intents = intents
        if intents is not None:
            local.noted = intents.left
            local.on_saved = intents.on_disk
        self._others = others
        self._linked: set[str] = set()
        if accounts is not None:
            accounts.cut_off = self._cut_off
        self.notices = Notices(clock, ask, others, self.refresh, self._sync.compare, self.refresh_accounts)
        self._sync.on_adopted = self.notices.tell

    def serve_copy(self) -> None:
        """As L{CacheSync.serve_copy}."""
        self._sync.serve_copy()

    def startService(self) -> None:
        """Serve what is on disk at once, and follow the database."""
        super().startService()
        self._sync.startService()
        if self._accounts is not None:
            self._accounts.startService()

    def stopService(self) -> None:
        """Tell and read nothing more; what is not on disk yet is written."""
        super().stopService()
        self.notices.stop()
        if self._accounts is not None:
            self._accounts.stopService()
        self._sync.stopService()
        self._local.close()
        if self._intents is not None:
            self._intents.close()

    # -- IConfigBackend

    def write(self, command: DatabaseCommand) -> Deferred[Any]:
        """As L{nacos_tw.config.configs.IConfigBackend.write}."""
        intent = Intent()
        done = self._database.interact("write", self._apply, command, intent)
        done.addCallbacks(self._written, self._not_written, errbackArgs=(command, intent))
        return lasting(done.addCallback(self._ended, intent))

    def query(self, fn: Callable[..., T], *args: Any) -> Deferred[T]:
        """As L{nacos_tw.config.configs.IConfigBackend.query}."""
        return self._database.query(fn.__name__, fn, *args)

    def health(self) -> str:
        """As L{nacos_tw.config.configs.IConfigBackend.health}."""
        return self._database.health()

    def reason(self) -> str:
        """As L{nacos_tw.config.configs.IConfigBackend.reason}."""
        return self._sync.reason()

    @property
    def ready(self) -> bool:
        """Whether a whole state of the database is served, be it an old one."""
        return self._sync.ready

    @property
    def copies_known(self) -> Deferred[None]:
        """As L{CacheSync.copies_known}."""
        return self._sync.copies_known

    def compare_all(self) -> None:
        """As L{nacos_tw.config.configs.IConfigBackend.compare_all}."""
        self._sync.compare()

    def waiting(self) -> Waiting:
        """As L{nacos_tw.config.configs.IConfigBackend.waiting}."""
        unheard = self.notices.waiting().values()
        return Waiting(sum(abs(count) for count in unheard), self.notices.failed, self._sync.refresher.waiting)

    # -- who can tell

    def peer_connected(self, peer: str) -> None:
        """The link to a member stands (again): each hears what it has missed."""
        self._linked.add(peer)
        self.notices.peer_connected(peer)
        self.refresh_accounts()

    def peer_disconnected(self, peer: str) -> None:
        """It does not; what the member wanted to say of accounts may be lost with it."""
        self._linked.discard(peer)
        self.refresh_accounts()

    def _cut_off(self) -> bool:
        return not self._linked.issuperset(self._others())

    # -- a write

    def _apply(self, txn: Txn, command: DatabaseCommand, intent: Intent) -> Result:
        """In a thread, before the commit."""
        result = applying.apply(txn, command)
        if self._intents is not None:
            self._intents.note(intent, result.changed)
        else:
            intent.keys.update(dict.fromkeys(result.changed))
        return result

    def _ended(self, value: Any, intent: Intent, changed: bool = True) -> Any:
        if self._intents is not None:
            self._intents.ended(intent, changed)
        return value

    def _written(self, result: Result) -> Any:
        if isinstance(result.value, Exception):
            raise result.value
        if result.accounts:
            return self._accounts_changed().addCallback(lambda _: result.value)
        if not result.changed:
            return result.value
        return self._changed(result.changed, True, result.written).addCallback(lambda _: result.value)

    def _not_written(self, failure: Failure, command: DatabaseCommand, intent: Intent) -> Failure:
        if not failure.check(OutcomeUnknown):
            self._ended(None, intent, False)
        elif isinstance(command, get_args(AuthCommand)):
            self._accounts_changed()
        elif intent.keys:
            keys = tuple(intent.keys)
            self.notices.tell(keys)
            # What cannot be read stays noted: the next start does not serve what was before either.
            reading = self._sync.refresher.refresh(keys)
            reading.addCallback(self._ended, intent).addErrback(self._not_read)
        return failure

    def _accounts_changed(self) -> Deferred[None]:
        self.notices.tell((), accounts=True)
        return self.refresh_accounts()

    def refresh_accounts(self) -> Deferred[None]:
        """Read users, roles and permissions anew; somebody says that they have changed."""
        return succeed(None) if self._accounts is None else self._accounts.refresh()

    def _changed(
        self, keys: tuple[ConfigKey, ...], certain: bool = False, written: Written | None = None
    ) -> Deferred[None]:
        """The others read them while this node does; it is committed whether or not that works."""
        self.notices.tell(keys)
        return self._sync.refresher.refresh(keys, certain, written).addErrback(self._not_read)

    def refresh(self, keys: list[ConfigKey]) -> Deferred[None]:
        """Somebody else says that these have changed. @return: fires when they were read, or could not be."""
        return self._sync.refresher.refresh(keys).addErrback(self._not_read)

    def _not_read(self, failure: Failure) -> None:
        self.log.debug("configs that have changed are not read yet: {why}", why=failure.getErrorMessage())
