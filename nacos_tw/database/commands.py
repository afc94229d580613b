"""All that changes the database: the commands of configs, namespaces and accounts, and their bytes in the log."""

from __future__ import annotations

import msgspec

from nacos_tw.auth.commands import AuthCommand
from nacos_tw.config.commands import Command as ConfigCommand
from nacos_tw.config.commands import PublishGray, RemoveGray
from nacos_tw.namespaces.commands import NamespaceCommand

LABELS = 4
"""
The level (see L{nacos_tw.naming.commands.Level}) with the commands of L{BY_LABELS}: a node that does not know them
would lack those copies, so they are proposed when every member has it.
"""
BY_LABELS = (PublishGray, RemoveGray)


class Level(msgspec.Struct, frozen=True, array_like=True, gc=False, tag_field="command", tag=30):
    """Every member knows the commands of this level, whoever is away later. It never goes down. Result: None."""

    level: int


DatabaseCommand = ConfigCommand | NamespaceCommand | AuthCommand | Level
"""Any of them. Each has a tag of its own, see where they are declared."""

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(DatabaseCommand)


def encode(command: DatabaseCommand) -> bytes:
    """The command as bytes for the log."""
    return _encoder.encode(command)


def decode(data: bytes) -> DatabaseCommand:
    """
    The command that L{encode} gave.

    @raise msgspec.MsgspecError: the bytes are no command.
    """
    return _decoder.decode(data)
