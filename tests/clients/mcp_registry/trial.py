"""
What a client of MCP registries does at the registry's port. Each stage prints C{ok <stage>}, or C{FAILED} and why::

    python trial.py <address of the node> <URL of the registry>     # with mcp-registry-sdk and jsonschema
"""

from __future__ import annotations

import asyncio
import json
import sys
import traceback
import urllib.parse
import urllib.request
from typing import Any

from mcpreg import (  # type: ignore[import-not-found]
    InMemorySyncStateStore,
    NotFoundError,
    RegistryClient,
    RegistrySettings,
    incremental_pull,
    resumable_scrape,
)
from mcpreg.validation import validate_server_detail  # type: ignore[import-not-found]

ADDRESS, URL = sys.argv[1], sys.argv[2]
TRIAL = "org.trial/"


def publish(method: str, name: str, version: str, **more: Any) -> None:
    """What an operator does."""
    spec = {
        "name": TRIAL + name, "protocol": "mcp-streamable", "description": "d", "versionDetail": {"version": version},
        "remoteServerConfig": {"exportPath": "/mcp"}, **more,
    }  # fmt: skip
    data = {"address": "10.0.0.1", "port": "8443", "transportProtocol": "https"}
    fields = {"serverSpecification": spec, "endpointSpecification": {"type": "DIRECT", "data": data}}
    query = urllib.parse.urlencode({key: json.dumps(value) for key, value in fields.items()})
    url = f"http://{ADDRESS}/nacos/v3/admin/ai/mcp?{query}"
    with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=60) as answer:
        assert json.loads(answer.read())["code"] == 0


def same(wanted: object, found: object) -> None:
    """Fail unless they are."""
    if wanted != found:
        raise AssertionError(f"wanted {wanted!r}, found {found!r}")


async def pages(client: Any) -> None:
    """Whoever follows the cursors sees each server once; each is what the schema of server.json allows."""
    for number in range(5):
        publish("POST", f"s{number}", "1.0.0", repository={"url": "https://github.com/a/b", "source": "github"})
    package = {"registryType": "npm", "identifier": "p", "version": "1.2.3", "runtimeHint": "npx"}
    publish("POST", "local", "1.0.0", protocol="stdio", packages=[package], description="d" * 200)
    found = [entry async for entry in client.iter_servers(search=TRIAL, limit=2)]
    same([f"{TRIAL}{name}" for name in ("local", "s0", "s1", "s2", "s3", "s4")], [each.server.name for each in found])
    for each in found:
        validate_server_detail(each.server.model_dump(mode="json", by_alias=True, exclude_none=True))
        same(("active", True), (each.status.value, each.meta.official.is_latest))
    same("https://10.0.0.1:8443/mcp", found[1].server.remotes[0].url)
    same(("npm", "stdio"), (found[0].server.packages[0].registry_type, found[0].server.packages[0].transport.type))
    same([TRIAL + "s3"], [each.server.name for each in (await client.list_servers(search="TRIAL/S3")).servers])


async def versions(client: Any) -> None:
    """All of a server, the newest in front; each by itself."""
    publish("PUT", "s0", "1.1.0")
    found = (await client.list_versions(TRIAL + "s0")).servers
    same([("1.1.0", True), ("1.0.0", False)], [(each.server.version, each.meta.official.is_latest) for each in found])
    same("1.1.0", (await client.get_version(TRIAL + "s0")).server.version)
    same("1.0.0", (await client.get_version(TRIAL + "s0", "1.0.0")).server.version)
    of_it = (await client.list_servers(search=TRIAL, version="1.1.0")).servers
    same([TRIAL + "s0"], [each.server.name for each in of_it])
    for name, version in (("nobody", "latest"), ("s0", "9")):
        try:
            await client.get_version(TRIAL + name, version)
        except NotFoundError:
            continue
        raise AssertionError(f"found {name} {version}")


async def sync(client: Any) -> None:
    """A copy of the registry is kept up with: what changes, and what is marked as deleted, and no more."""
    store = InMemorySyncStateStore()
    scraped = [page async for page in resumable_scrape(client, store, search=TRIAL, limit=4)]
    same(6, sum(len(page.upserts) for page in scraped))
    publish("PUT", "s1", "1.0.0", description="changed")
    publish("PUT", "s2", "1.0.0", status="deleted")
    pulled = [page async for page in incremental_pull(client, store, search=TRIAL)]
    same([TRIAL + "s2"], [each.server.name for page in pulled for each in page.removals])
    changed = {each.server.name for page in pulled for each in page.upserts}
    assert TRIAL + "s1" in changed and TRIAL + "s3" not in changed, changed
    left = {each.server.name for each in (await client.list_servers(search=TRIAL)).servers}
    assert TRIAL + "s2" not in left, left


async def main() -> None:
    """All stages."""
    async with RegistryClient(RegistrySettings(base_url=URL)) as client:
        for stage in (pages, versions, sync):
            try:
                await stage(client)
                print(f"ok {stage.__name__}", flush=True)
            except BaseException:
                print(f"FAILED {stage.__name__} {traceback.format_exc()}", flush=True)


asyncio.run(main())
