"""
What an application does with Nacos's own Python client of the gRPC line, against a running cluster. Each stage prints
C{ok <stage>} or C{FAILED <stage> <why>}; the test that starts this program reads these lines::

    python trial.py <a:port,b:port,c:port> <folder> <stage>...        # with the package nacos-sdk-python 2
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
import time
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

from v2.nacos import (  # type: ignore[import-not-found]
    BatchRegisterInstanceParam,
    ClientConfigBuilder,
    ConfigParam,
    DeregisterInstanceParam,
    GRPCConfig,
    ListInstanceParam,
    ListServiceParam,
    NacosConfigService,
    NacosException,
    NacosNamingService,
    RegisterInstanceParam,
    SubscribeServiceParam,
)

RUN = f"{time.time_ns():x}"
SERVERS, FOLDER = sys.argv[1].split(","), sys.argv[2]
REQUEST = 30_000
"""Milliseconds that the client may wait for an answer, on a machine that is busy."""


def same(wanted: object, found: object) -> None:
    """Fail unless they are."""
    if wanted != found:
        raise AssertionError(f"wanted {wanted!r}, found {found!r}")


async def soon(what: str, holds: Callable[[], Awaitable[object]]) -> None:
    """Wait until it holds."""
    end = time.monotonic() + 60
    while not await holds():
        if time.monotonic() > end:
            raise AssertionError(f"not in time: {what}")
        await asyncio.sleep(0.05)


def settings(servers: str, user: str = "", password: str = "", namespace: str = "") -> Any:
    found = ClientConfigBuilder().server_address(servers).log_dir(FOLDER).cache_dir(f"{FOLDER}/cache-{time.time_ns()}")
    found = found.namespace_id(namespace).grpc_config(GRPCConfig(grpc_timeout=REQUEST))
    if user:
        found = found.username(user).password(password)
    made = found.build()
    made.update_cache_when_empty = True
    made.load_cache_at_start = False
    return made


async def naming(servers: str = ",".join(SERVERS), **more: str) -> Any:
    return await NacosNamingService.create_naming_service(settings(servers, **more))


async def closed(*clients: Any) -> None:
    """Their connections end."""
    for client in clients:
        try:
            await client.shutdown()
        except TypeError:
            pass  # 2.0.11 awaits what is not awaitable, when all is done


async def configs(servers: str = ",".join(SERVERS), **more: str) -> Any:
    return await NacosConfigService.create_config_service(settings(servers, **more))


def instance(service: str, ip: str, ephemeral: bool = True, **more: Any) -> Any:
    given = {"weight": 2.5, "cluster_name": "c1", "metadata": {"zone": "a b&=é中"}, **more}
    return RegisterInstanceParam(service_name=service, ip=ip, port=8080, ephemeral=ephemeral, **given)


def removal(service: str, ip: str, ephemeral: bool = True) -> Any:
    return DeregisterInstanceParam(service_name=service, ip=ip, port=8080, cluster_name="c1", ephemeral=ephemeral)


async def ips(client: Any, service: str) -> list[str]:
    """What the server says, not what the client remembers."""
    found = await client.grpc_client_proxy.query_instance_of_service(service, "DEFAULT_GROUP", "", False)
    return sorted(host.ip for host in found.hosts)


async def heard(client: Any, service: str) -> list[list[str]]:
    """A subscription: each list that it is told, as it comes."""
    lists: list[list[str]] = []

    async def told(instances: Any) -> None:
        lists.append(sorted(each.ip for each in instances))

    await client.subscribe(SubscribeServiceParam(service_name=service, subscribe_callback=told))
    return lists


# -- stages


async def connect() -> None:
    """Both kinds of clients connect, and are healthy."""
    for client in (await naming(), await configs()):
        healthy = await client.server_health()
        same(True, healthy)
        await closed(client)


async def register() -> None:
    """Registered at one node, listed at another, with all that was said of it; changed; gone when it is removed."""
    name = f"py.register.{RUN}"
    first, second = await naming(SERVERS[0]), await naming(SERVERS[-1])
    same(True, await first.register_instance(instance(name, "10.0.0.1")))

    async def listed() -> Any:
        return await ips(second, name) == ["10.0.0.1"]

    await soon("listed", listed)
    (found,) = await second.list_instances(ListInstanceParam(service_name=name, subscribe=False, healthy_only=True))
    same((8080, 2.5, "c1", {"zone": "a b&=é中"}), (found.port, found.weight, found.clusterName, found.metadata))
    same(f"DEFAULT_GROUP@@{name}", found.serviceName)
    same(True, await first.update_instance(instance(name, "10.0.0.1", weight=7.0)))

    async def weighed() -> Any:
        found = await second.grpc_client_proxy.query_instance_of_service(name, "DEFAULT_GROUP", "", False)
        return [host.weight for host in found.hosts] == [7.0]

    await soon("changed", weighed)
    same(True, await first.deregister_instance(removal(name, "10.0.0.1")))

    async def gone() -> Any:
        return await ips(second, name) == []

    await soon("gone", gone)
    await closed(first, second)


async def leave() -> None:
    """What a client has registered goes with it."""
    name = f"py.leave.{RUN}"
    first, second = await naming(SERVERS[0]), await naming(SERVERS[-1])
    same(True, await first.register_instance(instance(name, "10.0.0.1")))

    async def listed() -> Any:
        return await ips(second, name) == ["10.0.0.1"]

    await soon("listed", listed)
    await closed(first)

    async def gone() -> Any:
        return await ips(second, name) == []

    await soon("gone", gone)
    await closed(second)


async def batch() -> None:
    """Several at once; those that are not in the next batch are gone."""
    name = f"py.batch.{RUN}"
    first, second = await naming(SERVERS[0]), await naming(SERVERS[-1])
    given = [instance(name, f"10.0.0.{number}") for number in (1, 2, 3)]
    same(True, await first.batch_register_instances(BatchRegisterInstanceParam(service_name=name, instances=given)))

    async def three() -> Any:
        return await ips(second, name) == ["10.0.0.1", "10.0.0.2", "10.0.0.3"]

    await soon("three", three)
    fewer = BatchRegisterInstanceParam(service_name=name, instances=given[:1])
    same(True, await first.batch_deregister_instances(fewer))

    async def two() -> Any:
        return await ips(second, name) == ["10.0.0.2", "10.0.0.3"]

    await soon("two", two)
    await closed(first, second)


async def persistent() -> None:
    """One that stays when its client is gone."""
    name = f"py.persistent.{RUN}"
    first, second = await naming(SERVERS[0]), await naming(SERVERS[-1])
    same(True, await first.register_instance(instance(name, "10.0.0.1", ephemeral=False)))

    async def listed() -> Any:
        return await ips(second, name) == ["10.0.0.1"]

    await soon("listed", listed)
    await closed(first)
    await asyncio.sleep(0.5)
    same(["10.0.0.1"], await ips(second, name))
    same(True, await second.deregister_instance(removal(name, "10.0.0.1", ephemeral=False)))
    await closed(second)


async def subscribe() -> None:
    """A subscriber at one node hears of what is registered at another, as it comes and goes."""
    name = f"py.subscribe.{RUN}"
    first, second = await naming(SERVERS[0]), await naming(SERVERS[-1])
    lists = await heard(second, name)
    for number in (1, 2):
        await first.register_instance(instance(name, f"10.0.0.{number}"))  # replaces the one before

        async def told(number: int = number) -> Any:
            return lists[-1:] == [[f"10.0.0.{number}"]]

        await soon(f"told of {number}", told)
    await first.deregister_instance(removal(name, "10.0.0.2"))

    async def empty() -> Any:
        return lists[-1:] == [[]]

    await soon("told that it is gone", empty)
    await closed(first, second)


async def services() -> None:
    """The names of a group's services."""
    first = await naming()
    name, group = f"py.services.{RUN}", f"g{RUN}"
    await first.register_instance(instance(name, "10.0.0.1", group_name=group))

    async def named() -> Any:
        found = await first.list_services(ListServiceParam(group_name=group, page_no=1, page_size=10))
        return (found.count, found.services) == (1, [name])

    await soon("named", named)
    await closed(first)


async def publish() -> None:
    """Published at one node, read at another; removed; a wrong md5 changes nothing."""
    name = f"py.publish.{RUN}"
    first, second = await configs(SERVERS[0]), await configs(SERVERS[-1])
    same("", await second.get_config(ConfigParam(data_id=name, group="g")))
    given = ConfigParam(data_id=name, group="g", content='{"a":"é中"}', type="json")
    same(True, await first.publish_config(given))

    async def read(content: str) -> Any:
        return await second.get_config(ConfigParam(data_id=name, group="g")) == content

    await soon("read", lambda: read('{"a":"é中"}'))
    md5 = hashlib.md5('{"a":"é中"}'.encode()).hexdigest()
    try:
        await first.publish_config(ConfigParam(data_id=name, group="g", content="x", cas_md5="0" * 32))
    except NacosException:
        pass
    else:
        raise AssertionError("a publish with a wrong md5 went through")
    same(True, await first.publish_config(ConfigParam(data_id=name, group="g", content="y", cas_md5=md5)))
    await soon("changed", lambda: read("y"))
    same(True, await second.remove_config(ConfigParam(data_id=name, group="g")))

    await soon("removed", lambda: read(""))
    await closed(first, second)


async def listen() -> None:
    """A listener at one node hears of what is published at another."""
    name = f"py.listen.{RUN}"
    first, second = await configs(SERVERS[0]), await configs(SERVERS[-1])
    contents: list[str] = []

    async def changed(tenant: str, data_id: str, group: str, content: str) -> None:
        contents.append(content)

    await second.add_listener(name, "g", changed)
    for content in ("one", "two", "three"):
        same(True, await first.publish_config(ConfigParam(data_id=name, group="g", content=content)))

        async def told(content: str = content) -> Any:
            return contents[-1:] == [content]

        await soon(content, told)
    await closed(first, second)


async def apart() -> None:
    """One namespace does not see what another holds: services and configs."""
    name, space = f"py.apart.{RUN}", f"space-{RUN}"
    here, there = await naming(), await naming(namespace=space)
    same(True, await there.register_instance(instance(name, "10.0.0.1")))

    async def listed() -> Any:
        return await ips(there, name) == ["10.0.0.1"]

    await soon("listed", listed)
    same([], await ips(here, name))
    mine, theirs = await configs(), await configs(namespace=space)
    same(True, await theirs.publish_config(ConfigParam(data_id=name, group="g", content="theirs")))

    async def read() -> Any:
        return await theirs.get_config(ConfigParam(data_id=name, group="g")) == "theirs"

    await soon("read", read)
    same("", await mine.get_config(ConfigParam(data_id=name, group="g")))
    await closed(here, there, mine, theirs)


async def hand_over(name: str) -> None:
    """The test does its part when this says so, and then writes a line."""
    print("waiting", name, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)


async def listened(client: Any, name: str) -> list[str]:
    """A listener that has heard of a first content: what it is told, as it comes."""
    contents: list[str] = []

    async def changed(tenant: str, data_id: str, group: str, content: str) -> None:
        contents.append(content)

    await client.add_listener(name, "g", changed)
    same(True, await client.publish_config(ConfigParam(data_id=name, group="g", content="before")))
    await last(contents, "before")
    return contents


async def last(found: list[Any], wanted: Any) -> None:
    async def is_last() -> Any:
        return found[-1:] == [wanted]

    await soon(f"told {wanted}", is_last)


async def done(what: str, work: Callable[[], Awaitable[object]]) -> None:
    """Try until it is."""

    async def did() -> Any:
        try:
            return await work()
        except NacosException:
            return False

    await soon(what, did)


async def failover() -> None:
    """A node is killed when this waits: all is there again at another."""
    name = f"py.failover.{RUN}"
    first, second, third = await naming(), await naming(), await configs()
    contents, lists = await listened(third, name), await heard(second, name)
    same(True, await first.register_instance(instance(name, "10.0.0.1")))
    await last(lists, ["10.0.0.1"])
    await hand_over(name)
    await done("registered", lambda: first.register_instance(instance(name, "10.0.0.3")))
    await last(lists, ["10.0.0.3"])
    await done("published", lambda: third.publish_config(ConfigParam(data_id=name, group="g", content="after")))
    await last(contents, "after")
    same(False, [] in lists[lists.index(["10.0.0.1"]) :])
    await closed(first, second, third)


async def away() -> None:
    """The only node that it knows is gone while things change; it hears of them when the node is back."""
    name = f"py.away.{RUN}"
    here, there, third = await naming(SERVERS[0]), await naming(SERVERS[1]), await configs(SERVERS[0])
    contents, lists = await listened(third, name), await heard(here, name)
    same(True, await there.register_instance(instance(name, "10.0.0.1")))
    await last(lists, ["10.0.0.1"])
    await hand_over(name)
    await done("registered", lambda: there.register_instance(instance(name, "10.0.0.2")))
    fourth = await configs(SERVERS[1])
    await done("published", lambda: fourth.publish_config(ConfigParam(data_id=name, group="g", content="meanwhile")))
    same(["10.0.0.1"], lists[-1])
    await hand_over(name)
    await last(lists, ["10.0.0.2"])
    await last(contents, "meanwhile")
    await closed(here, there, third, fourth)


async def load() -> None:
    """
    Calls while the nodes become others: each succeeds, if need be when it is tried again; no instance leaves the lists,
    and what was registered and published is there. The test does its part after C{waiting}, and then writes a line.
    """
    name = f"py.load.{RUN}"
    clients = [await naming() for _ in range(3)]
    for number, client in enumerate(clients, 1):
        same(True, await client.register_instance(instance(name, f"10.0.0.{number}")))
    whole = ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
    watcher, config, other = await naming(), await configs(), await configs()
    lists = await heard(watcher, name)
    await last(lists, whole)
    written, ended = 0, asyncio.Event()

    async def once(number: int) -> None:
        client = clients[number % len(clients)]
        kept = instance(f"{name}.kept", f"10.1.{number >> 8}.{number & 255}", ephemeral=False)
        given = ConfigParam(data_id=name, group="g", content=str(number))

        async def listed() -> object:
            same(whole, await ips(client, name))
            return True

        await done("registered", lambda: client.register_instance(kept))
        await done("published", lambda: config.publish_config(given))
        await done("listed", listed)

    async def write() -> None:
        nonlocal written
        while not ended.is_set():
            await once(written + 1)
            written += 1
            await asyncio.sleep(0.05)

    writing = asyncio.ensure_future(write())
    await hand_over(name)
    ended.set()
    await writing
    fresh = await naming()

    async def kept() -> Any:
        return len(await ips(fresh, f"{name}.kept")) == written

    async def read() -> Any:
        return await other.get_config(ConfigParam(data_id=name, group="g")) == str(written)

    await soon("all kept", kept)
    await done("read", read)  # it may still wait for the nodes that have left, one after the other
    same(whole, await ips(fresh, name))
    later = lists[lists.index(whole) :]
    same([whole] * len(later), later)


# -- stages: logins; the namespace "sdk", its users and their password in TRIAL_PASSWORD are there


def user(name: str, password: str = "") -> dict[str, str]:
    return {"namespace": "sdk", "user": name, "password": password or os.environ["TRIAL_PASSWORD"]}


async def refused(call: Awaitable[object]) -> None:
    try:
        found = await call
    except NacosException:
        return
    same(False, found)


async def writer() -> None:
    """Who may write does: services and configs."""
    name = f"py.writer.{RUN}"
    first, second = await naming(**user("sdk-writer")), await configs(**user("sdk-writer"))
    same(True, await first.register_instance(instance(name, "10.0.0.1")))
    same(True, await second.publish_config(ConfigParam(data_id=name, group="g", content="content")))

    async def there() -> Any:
        found = await second.get_config(ConfigParam(data_id=name, group="g"))
        return (await ips(first, name), found) == (["10.0.0.1"], "content")

    await soon("there", there)
    await closed(first, second)


async def reader() -> None:
    """Who may read only is refused what writes, and goes on reading."""
    name = f"py.reader.{RUN}"
    first, second = await naming(**user("sdk-reader")), await configs(**user("sdk-reader"))
    await refused(first.register_instance(instance(name, "10.0.0.1")))
    await refused(second.publish_config(ConfigParam(data_id=name, group="g", content="content")))
    same([], await ips(first, name))
    same("", await second.get_config(ConfigParam(data_id=name, group="g")))
    await closed(first, second)


async def wrong() -> None:
    """Who has a wrong password is nobody."""
    try:
        first = await naming(**user("sdk-wrong", "wrong"))
    except NacosException:
        return
    await refused(first.register_instance(instance(f"py.wrong.{RUN}", "10.0.0.1")))
    await closed(first)


async def run(names: list[str]) -> int:
    """Run the stages."""
    failed = 0
    for name in names:
        try:
            await asyncio.wait_for(globals()[name](), 240)
        except (Exception, asyncio.TimeoutError) as error:
            failed = 1
            print("FAILED", name, repr(error))
            traceback.print_exc(file=sys.stdout)
        else:
            print("ok", name, flush=True)
    return failed


if __name__ == "__main__":
    status = asyncio.run(run(sys.argv[3:]))
    sys.stdout.flush()
    os._exit(status)
