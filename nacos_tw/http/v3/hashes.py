"""C{/v3/admin/core/raft/hash}: the states of all members, compared. Ours; Nacos has none."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
from klein import Klein

from nacos_tw.cluster.operations.hashes import Hashes
from nacos_tw.cluster.requests import Asking
from nacos_tw.http.api.routes import api
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard


@attrs.frozen
class HashesV3:
    """For operators."""

    prefix: ClassVar[str] = "/v3/admin/core/raft/hash"
    app = Klein()
    guard: Guard
    hashes: Hashes

    @api(app, "POST", "", does=Hashes.compare, gives="The entry, and the hashes of each member's state after it")
    async def compare(self, call: Call) -> dict[str, Any]:
        """Compare the members' states, hashed after the same entry of the log; a member that differs is repaired."""
        found = await self.hashes.compare(call, Asking())
        return {
            "index": found.index,
            "same": not found.undecided and not any(member.differs for member in found.members),
            "undecided": list(found.undecided),
            "members": [
                {"name": each.name, "parts": each.parts, "differs": list(each.differs), "mended": each.mended}
                for each in found.members
            ],
        }
