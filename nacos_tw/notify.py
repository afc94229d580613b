"""What systemd is told of the start and the end of a node (C{Type=notify}; sd_notify(3))."""

from __future__ import annotations

import socket
from collections.abc import Mapping


def notify(state: str, environ: Mapping[str, str]) -> bool:
    """
    Tell it, where it asked to be told.

    @param state: C{READY=1} or C{STOPPING=1}.
    @return: whether it was told. Who cannot be told is no reason not to run.
    """
    address = environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    if address.startswith("@"):  # an abstract one
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | getattr(socket, "SOCK_CLOEXEC", 0)) as channel:
            channel.connect(address)
            channel.sendall(state.encode())
    except OSError:
        return False
    return True
