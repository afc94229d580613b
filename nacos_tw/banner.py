"""What a starting node says in logs/start.out. Scripts wait for these lines, so their texts are Nacos's."""

from __future__ import annotations

import os

from twisted.logger import Logger

from nacos_tw import __version__
from nacos_tw.settings.clusterconf import join
from nacos_tw.settings.settings import Settings

_FUNCTIONS = {"": "All", "naming": "naming", "config": "config"}


def banner(settings: Settings, pid: int) -> str:
    """Name and version, mode, ports, process id and console address, one a line."""
    mode = "stand alone" if settings.standalone else "cluster"
    raft = "" if settings.standalone else f", Raft: {settings.raft_port}"
    dns = "" if settings.dns is None else f", DNS: {settings.dns.port}"
    scheme = "http" if settings.https is None else "https"
    return "\n".join(
        (
            "",
            f" nacos_tw {__version__}",
            f" Running in {mode} mode, {_FUNCTIONS[settings.function_mode]} function modules",
            f" Port: {settings.port} (gRPC: {settings.grpc.port}{raft}{dns})",
            f" Pid: {pid}",
            f" Console: {_console(settings, scheme)}",
            "",
        )
    )


def _console(settings: Settings, scheme: str) -> str:
    """Where the pages are: on their own port, if there is one."""
    place = settings.console
    port, path = (place.port, place.context_path) if place.port else (settings.port, settings.context_path)
    return f"{scheme}://{join(settings.ip, port)}{path}/"


class StartLines:
    """
    The lines of one start, in their order: L{announce}, L{starting}, L{started}.

    Events carry C{start=True}, by which L{nacos_tw.logs.Console} knows them.
    """

    log = Logger()

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def announce(self) -> None:
        """The banner; of a cluster, the entries of its list as they were written; and remarks on the settings."""
        self.log.info("{banner}", banner=banner(self._settings, os.getpid()), start=True, raw=True)
        if not self._settings.standalone:
            entries = ", ".join(member.raw for member in self._settings.members)
            self.log.info("The server IP list of Nacos is [{entries}]", entries=entries, start=True)
        for remark in self._settings.remarks:
            self.log.warn("{remark}", remark=remark, start=True)

    def starting(self) -> None:
        """The node's parts are coming up."""
        self.log.info("Nacos is starting...", start=True)

    def started(self, trouble: str = "", unready: str = "") -> None:
        """
        The node serves requests.

        @param trouble: why it does so without its database; "" if it has one, or needs none.
        @param unready: why it is not ready although it should be by now; "" if it is, or need not.
        """
        mode = "stand alone" if self._settings.standalone else "cluster"
        if trouble or unready:
            self.log.warn(
                "Nacos started in {mode} mode {without}: {trouble}",
                mode=mode,
                without="without its database" if trouble else "and is not ready",
                trouble=trouble or unready,
                start=True,
            )
            return
        self.log.info(
            "Nacos started successfully in {mode} mode. use {storage} storage",
            mode=mode,
            storage=self._settings.storage,
            start=True,
        )
