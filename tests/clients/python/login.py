"""
What an application does with Nacos's own Python client that has a name and a password, against a cluster that asks
for logins. Each stage prints C{ok <stage>} or C{FAILED <stage> <why>}; the test that starts this reads these lines::

    python login.py <a:port,b:port,c:port> <namespace> <password of writer and reader> <folder> <stage>...
"""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable

import nacos  # type: ignore[import-untyped]
from checks import REQUEST, same, soon  # type: ignore[import-not-found]

RUN = f"{time.time_ns():x}"
SERVERS, NAMESPACE, PASSWORD, FOLDER = sys.argv[1:5]


def client(user: str, password: str = PASSWORD) -> nacos.NacosClient:
    found = nacos.NacosClient(SERVERS, namespace=NAMESPACE, username=user, password=password, logDir=FOLDER)
    found.set_options(no_snapshot=True, default_timeout=REQUEST)
    found.set_options(failover_base=f"{FOLDER}/failover", snapshot_base=f"{FOLDER}/snapshot")
    return found


def refused(call: Callable[[], object]) -> None:
    try:
        found = call()
    except Exception as error:
        if "privilege" not in str(error) and "403" not in str(error):
            raise
    else:
        raise AssertionError(f"not refused: {found!r}")


def writer() -> None:
    """Who may write does."""
    mine, name = client("sdk-writer"), f"python.{RUN}"
    same(True, mine.publish_config(name, "g", "content"))
    soon("published", lambda: mine.get_config(name, "g") == "content")
    same(True, mine.add_naming_instance(name, "127.0.0.1", 8080, "c1", ephemeral=False))
    soon("listed", lambda: len(mine.list_naming_instance(name)["hosts"]) == 1)
    same(True, mine.remove_naming_instance(name, "127.0.0.1", 8080, "c1", ephemeral=False))
    same(True, mine.remove_config(name, "g"))


def reader() -> None:
    """Who may read does, and is refused to write."""
    name = f"read.{RUN}"
    same(True, client("sdk-writer").publish_config(name, "g", "content"))
    mine = client("sdk-reader")
    soon("read", lambda: mine.get_config(name, "g") == "content")
    refused(lambda: mine.publish_config(name, "g", "changed"))
    refused(lambda: mine.remove_config(name, "g"))
    same([], mine.list_naming_instance(name)["hosts"])
    refused(lambda: mine.add_naming_instance(name, "127.0.0.1", 8080, "c1", ephemeral=False))


def wrong() -> None:
    """A wrong password gets nothing, not even a client."""
    refused(lambda: client("sdk-wrong", "wrong").get_config(f"wrong.{RUN}", "g"))


def listener() -> None:
    """A reader hears of changes."""
    heard: list[str] = []
    name = f"heard.{RUN}"
    mine = client("sdk-reader")
    mine.add_config_watcher(name, "g", lambda event: heard.append(event["content"]))
    time.sleep(1)  # until its poll is held
    for content in ("one", "two"):
        same(True, client("sdk-writer").publish_config(name, "g", content))
        soon(content, lambda content=content: heard[-1:] == [content])  # type: ignore[misc]


def expiry() -> None:
    """Tokens that hold for seconds: it logs in again, and goes on."""
    name = f"expiry.{RUN}"
    same(True, client("sdk-writer").publish_config(name, "g", "content"))
    mine = client("sdk-reader")

    def read() -> bool:
        try:
            return bool(mine.get_config(name, "g") == "content")
        except nacos.NacosException:
            return False  # it looked at the token's time, and that came to its end on the way

    end = time.monotonic() + 6
    while time.monotonic() < end:
        soon("read", read)
        time.sleep(0.5)


def main() -> int:
    """Run the stages."""
    failed = 0
    for name in sys.argv[5:]:
        try:
            globals()[name]()
        except Exception as error:
            failed = 1
            print("FAILED", name, repr(error))
            traceback.print_exc(file=sys.stdout)
        else:
            print("ok", name, flush=True)
    return failed


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    import os

    os._exit(status)  # its watchers are processes and threads that go on
