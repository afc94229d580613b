"""Export, import and clone of configs (docs/spec/http-v2-v3.md#5.3 and #5.6)."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, ClassVar

import attrs
from klein import Klein

from nacos_tw.config.model import tenant_of
from nacos_tw.config.operations.transfers import Transfers
from nacos_tw.config.requests import Search
from nacos_tw.config.transfer_requests import Export
from nacos_tw.http.api.configs import IDS, POLICY, SRC_USER, archive, cloning, counted, ids_of, labels, within
from nacos_tw.http.api.parameters import NAMESPACE, REQUEST, text
from nacos_tw.http.api.routes import api
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply
from nacos_tw.http.v3.configs import ADMIN, APP_NAME, CONSOLE, LABELS, WANTED_GROUP, WANTED_ID

OCTETS = b"application/octet-stream;charset=UTF-8"
EXPORTED = NAMESPACE, WANTED_ID, WANTED_GROUP, APP_NAME, LABELS, IDS
IMPORTED = NAMESPACE, SRC_USER, POLICY
TARGET = text("namespaceId", "The namespace that they come into.", needed=REQUEST)
CONSOLE_TARGET = text("targetNamespaceId", TARGET.about, needed=REQUEST)
SOURCE = text("sourceNamespaceId", "The namespace that they are in; any where it is empty.")
CONSOLE_SOURCE = text("namespaceId", SOURCE.about)


async def exported(transfers: Transfers, call: Call) -> Reply:
    """The archive of the configs with C{ids}, or of a search."""
    ids = ids_of(IDS(call))
    wanted = Search(
        tenant_of(call.params.get("namespaceId")),
        WANTED_ID(call),
        WANTED_GROUP(call),
        APP_NAME(call),
        labels(LABELS(call)),
        blur=True,
    )
    found = await transfers.export(call, Export(wanted, ids, 2, within(call) is not None))
    name = datetime.fromtimestamp(found.at_ms / 1000, timezone.utc).strftime("nacos_config_export_%Y%m%d%H%M%S.zip")
    return Reply(200, found.data, OCTETS, ((b"Content-Disposition", b"attachment;filename=" + name.encode()),))


@attrs.frozen
class TransfersV3:
    """What operators and browsers ask alike. Built for each of them."""

    prefix: str
    app: ClassVar[Klein] = Klein()
    guard: Guard
    transfers: Transfers

    @api(app, "POST", "/import", does=Transfers.import_archive, takes=IMPORTED, body="multipart", gives="What was done")
    async def take_in(self, call: Call) -> dict[str, Any]:
        """Import the archive in the field file."""
        importing = self.transfers.import_archive(call, archive(call))
        call.forget()
        done = await importing
        found = counted(done.imported, "groupName")
        if done.unrecognized:
            found["unrecognizedCount"] = len(done.unrecognized)
            found["unrecognizedData"] = [{"itemName": name} for name in done.unrecognized]
        return found


@attrs.frozen
class AdminTransfersV3:
    """Of operators."""

    prefix: ClassVar[str] = ADMIN
    app = Klein()
    guard: Guard
    transfers: Transfers

    @api(app, "GET", "/export", does=Transfers.export, takes=EXPORTED, gives="An archive", patterns=True)
    async def give_out(self, call: Call) -> Reply:
        """The archive of the configs with these ids, or of a search."""
        return await exported(self.transfers, call)

    @api(
        app,
        "POST",
        "/clone",
        does=Transfers.clone,
        takes=(TARGET, SOURCE, POLICY, SRC_USER),
        body="json",
        gives="What was done",
    )
    async def clone(self, call: Call) -> dict[str, Any]:
        """Copy the configs that the body names into a namespace."""
        return counted(await self.transfers.clone(call, cloning(call, TARGET, SOURCE)), "groupName")


@attrs.frozen
class ConsoleTransfersV3:
    """Of a browser."""

    prefix: ClassVar[str] = CONSOLE
    app = Klein()
    guard: Guard
    transfers: Transfers

    @api(app, "GET", "/export2", does=Transfers.export, takes=EXPORTED, gives="An archive", patterns=True)
    async def give_out(self, call: Call) -> Reply:
        """The archive of the configs with these ids, or of a search."""
        return await exported(self.transfers, call)

    @api(
        app, "POST", "/clone", does=Transfers.clone, takes=(CONSOLE_TARGET, CONSOLE_SOURCE, POLICY, SRC_USER),
        body="json", gives="What was done",
    )  # fmt: skip
    async def clone(self, call: Call) -> dict[str, Any]:
        """Copy the configs that the body names into a namespace."""
        return counted(await self.transfers.clone(call, cloning(call, CONSOLE_TARGET, CONSOLE_SOURCE)), "groupName")
