"""C{/v3/admin/core/snapshot}: backups of the whole replicated state. Ours; Nacos has none."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
from klein import Klein

from nacos_tw.cluster.operations.backups import PIECE, Backups
from nacos_tw.cluster.requests import BackupPiece, MakeBackup
from nacos_tw.http.api.configs import id_of
from nacos_tw.http.api.routes import api
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply

INDEX = id_of("index", "Which snapshot, as it was told when it was made.")
OFFSET = id_of("offset", "From which byte on.")
OCTETS = b"application/octet-stream"


@attrs.frozen
class SnapshotsV3:
    """For operators."""

    prefix: ClassVar[str] = "/v3/admin/core/snapshot"
    app = Klein()
    guard: Guard
    backups: Backups

    @api(app, "POST", "", does=Backups.make, gives="Which snapshot, and the bytes of a piece")
    async def make(self, call: Call) -> dict[str, Any]:
        """Save a snapshot of the whole state as it is now."""
        made = await self.backups.make(call, MakeBackup())
        return {**attrs.asdict(made), "piece": PIECE}

    @api(app, "GET", "", does=Backups.read, takes=(INDEX, OFFSET), gives="Bytes")
    async def read(self, call: Call) -> Reply:
        """A piece of a snapshot; a piece that is shorter than the others is the last."""
        return Reply(200, await self.backups.read(call, BackupPiece(INDEX(call), OFFSET(call))), OCTETS)
