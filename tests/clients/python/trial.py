"""
What an application does with Nacos's own Python client of the HTTP line, against a running cluster. Each stage prints
C{ok <stage>} or C{FAILED <stage> <why>}; the test that starts this program reads these lines::

    python trial.py <a:port,b:port,c:port>        # with the package nacos-sdk-python 0.1
"""

from __future__ import annotations

import sys
import threading
import time
import traceback
from typing import Any

import nacos  # type: ignore[import-untyped]
from checks import REQUEST, same, soon  # type: ignore[import-not-found]
from nacos.listener import SubscribeListener  # type: ignore[import-untyped]

RUN = f"{time.time_ns():x}"
METADATA = {"zone": "a b&=é中"}
SHORT = {
    "preserved.heart.beat.interval": "1000",
    "preserved.heart.beat.timeout": "5000",
    "preserved.ip.delete.timeout": "5500",
}


def ips(answer: dict[str, Any]) -> str:
    return " ".join(sorted(host["ip"] for host in answer["hosts"]))


def register(first: nacos.NacosClient, second: nacos.NacosClient, service: str) -> None:
    """Added, listed, read, changed and removed."""
    same(True, first.add_naming_instance(service, "10.4.0.1", 8080, "c1", 2.5, METADATA))
    same(True, first.add_naming_instance(service, "10.4.0.2", 8080, group_name="other"))
    soon("listed", lambda: ips(second.list_naming_instance(service)) == "10.4.0.1")
    found = second.list_naming_instance(service, clusters="c1", healthy_only=True)
    same(("DEFAULT_GROUP@@" + service, service), (found["name"], found["dom"]))
    host = found["hosts"][0]
    same((service, "c1", 2.5, METADATA), (host["serviceName"], host["clusterName"], host["weight"], host["metadata"]))
    soon("listed", lambda: ips(second.list_naming_instance(service, group_name="other")) == "10.4.0.2")
    same("", ips(second.list_naming_instance(service, namespace_id="elsewhere")))
    one = second.get_naming_instance(service, "10.4.0.1", 8080, "c1")
    same((2.5, True, METADATA), (one["weight"], one["healthy"], one["metadata"]))
    same(True, first.modify_naming_instance(service, "10.4.0.1", 8080, "c1", weight=7.0, metadata={"new": "1"}))
    soon("changed", lambda: second.get_naming_instance(service, "10.4.0.1", 8080, "c1")["weight"] == 7.0)
    same({"new": "1"}, second.get_naming_instance(service, "10.4.0.1", 8080, "c1")["metadata"])
    same(True, first.modify_naming_instance(service, "10.4.0.1", 8080, "c1", enable=False))
    soon("hidden", lambda: ips(second.list_naming_instance(service)) == "")
    same(True, first.remove_naming_instance(service, "10.4.0.1", 8080, "c1"))
    try:
        first.get_naming_instance(service, "10.4.0.1", 8080, "c1")
    except nacos.NacosException as error:
        same(True, "404" in str(error))
    else:
        raise AssertionError("still there")


def persistent(first: nacos.NacosClient, second: nacos.NacosClient, service: str) -> None:
    """
    An instance that needs no beats. (The cluster is named because without one this client registers in a cluster
    called None, and removes from DEFAULT.)
    """
    same(True, first.add_naming_instance(service, "127.0.0.1", 8080, "c1", ephemeral=False))
    soon("listed", lambda: ips(second.list_naming_instance(service)) == "127.0.0.1")
    same(True, first.remove_naming_instance(service, "127.0.0.1", 8080, "c1", ephemeral=False))
    soon("gone", lambda: ips(second.list_naming_instance(service)) == "")


def beats(first: nacos.NacosClient, second: nacos.NacosClient, service: str) -> None:
    """Beats keep an instance, bring one back that nobody registered, and their end removes it."""
    answer = first.send_heartbeat(service, "10.4.1.1", 8080, "c1", 2.0, SHORT)
    same((10200, 1000), (answer["code"], answer["clientBeatInterval"]))
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(1):
            first.send_heartbeat(service, "10.4.1.1", 8080, "c1", 2.0, SHORT)

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    for _ in range(12):
        time.sleep(0.5)
        same("10.4.1.1", ips(second.list_naming_instance(service, healthy_only=True)))
    ended.set()
    thread.join()
    soon("gone", lambda: ips(second.list_naming_instance(service)) == "")


def subscribe(first: nacos.NacosClient, second: nacos.NacosClient, service: str) -> None:
    """This client polls; its listeners hear of what changed."""
    events: list[tuple[str, str]] = []

    def heard(event: Any, instance: Any) -> None:
        events.append((str(event), instance.instance["ip"]))

    same(True, first.add_naming_instance(service, "10.4.2.1", 8080, "c1"))
    soon("listed", lambda: ips(second.list_naming_instance(service)) == "10.4.2.1")
    second.subscribe(SubscribeListener(fn=heard, listener_name="trial"), 1, service)
    time.sleep(2)
    same(True, first.add_naming_instance(service, "10.4.2.2", 8080, "c1"))
    soon("added", lambda: [ip for event, ip in events if "ADDED" in event] == ["10.4.2.2"])
    same(True, first.remove_naming_instance(service, "10.4.2.1", 8080, "c1"))
    soon("deleted", lambda: [ip for event, ip in events if "DELETED" in event] == ["10.4.2.1"])
    second.stop_subscribe()


def main(servers: str) -> int:
    """Run all stages."""
    first = nacos.NacosClient(servers, namespace="public")
    second = nacos.NacosClient(servers.split(",")[-1])
    for each in (first, second):
        each.set_options(default_timeout=REQUEST)
    failed = 0
    for stage in (register, persistent, beats, subscribe):
        try:
            stage(first, second, f"{stage.__name__}.{RUN}")
        except Exception as error:
            failed = 1
            print("FAILED", stage.__name__, repr(error))
            traceback.print_exc(file=sys.stdout)
        else:
            print("ok", stage.__name__, flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
