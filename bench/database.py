"""
Publishing on a MariaDB, beside the same inserts made by a plain PyMySQL loop; starting with very many configs.

    NACOS_TW_VENV=folder folder/bin/python bench/database.py [--seconds 8] [--rounds 3] [--configs 100000]

It starts the MariaDB of the tests (tests/mariadb.py; it flushes its log at every commit here), and in each round in
turn, on a fresh database:

 - loop: one connection inserts into config_info and his_config_info in one transaction, one config of 1 KB after the
   other, as plainly as it can be written;
 - 1 node, 3 nodes: publishes of the same size over HTTP, as load.py makes and checks them.

Per CPU-second is by the time of the loop's process, or of the nodes together, without MariaDB's own. The ratio is to
the loop, of one round; the median of rounds is shown. All share this machine's CPUs.

Then one node is started with that many configs of 1 KB in the database: cold, without any data of its own; and warm,
again after an end in order. Seconds are from the call of bin/startup.sh until it says that it is ready, and until it
gives the right content of the first, the middle and the last config. It runs under the Python of the server's virtual
environment.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import sys
import time
from typing import Any

import nodes
from load import Load
from wire import CONFIGS, GROUP, LINE, Connection, config_content, config_name, get

sys.path.insert(0, nodes.ROOT)
import pymysql

from tests import mariadb

CONFIG = (
    "INSERT INTO config_info (data_id, group_id, tenant_id, app_name, content, md5, src_ip, src_user, gmt_create,"
    " gmt_modified, encrypted_data_key) VALUES (%s, %s, '', '', %s, MD5(%s), '127.0.0.1', NULL, NOW(), NOW(), '')"
)
HISTORY = (
    "INSERT INTO his_config_info (id, data_id, group_id, tenant_id, app_name, content, md5, src_ip, src_user,"
    " gmt_create, gmt_modified, op_type, encrypted_data_key)"
    " VALUES (0, %s, %s, '', '', %s, MD5(%s), '127.0.0.1', NULL, NOW(), NOW(), 'I', '')"
)
MANY = (
    "INSERT INTO config_info (data_id, group_id, tenant_id, content, md5) SELECT name, '{group}', '', content,"
    " MD5(content) FROM (SELECT name, LEFT(CONCAT('name=', name, '\\n', REPEAT('{line}', 20)), 1024) AS content FROM"
    " (SELECT CONCAT('bench.', LPAD(seq, 6, '0')) AS name FROM seq_0_to_{last}) AS names) AS made"
)
Figures = tuple[float, float, float]
"""Per second, per CPU-second, p99 in ms."""


def properties(url: str) -> str:
    """What points a node at a database."""
    login = f"db.user={mariadb.USER}\ndb.password={mariadb.PASSWORD}"
    return f"spring.datasource.platform=mysql\ndb.num=1\ndb.url.0={url}\n{login}"


def loop(server: mariadb.Server, seconds: float) -> Figures:
    """Insert configs one by one."""
    connection: Any = pymysql.connect(
        host="127.0.0.1",
        port=server.port,
        user=mariadb.USER,
        password=mariadb.PASSWORD,
        database=server.database(),
        charset="utf8mb4",
        ssl_disabled=True,
    )
    times, began, used = [], time.monotonic(), time.process_time()
    with connection, connection.cursor() as cursor:
        while (now := time.monotonic()) < began + seconds:
            name = f"bench.loop.{len(times):08d}"
            content = config_content(name)
            for statement in (CONFIG, HISTORY):
                cursor.execute(statement, (name, GROUP, content, content))
            connection.commit()
            times.append(1000 * (time.monotonic() - now))
        used = time.process_time() - used
        return len(times) / (time.monotonic() - began), len(times) / used, nodes.percentile(times, 0.99)


def served(server: mariadb.Server, count: int, seconds: int) -> Figures:
    """Publish at nodes."""
    with nodes.started(count, properties(server.url(server.database()))) as found:
        arguments = argparse.Namespace(connections=64, seconds=seconds, headers="java", pin=False)
        load = Load(found.addresses, found.pids, arguments)
        row = load.measure("publish")
        for problem in load.problems:
            print(f"FAILED {count} nodes: {problem}", flush=True)
        rate, per_cpu, p99 = (float(str(row[column]).replace(",", "")) for column in (1, 2, 4))
        return rate, per_cpu, p99


def publishing(server: mariadb.Server, seconds: int, rounds: int) -> list[list[object]]:
    """Lines of the table."""
    found: dict[str, list[Figures]] = {"loop": [], "1 node": [], "3 nodes": []}
    for _ in range(rounds):
        found["loop"].append(loop(server, seconds))
        found["1 node"].append(served(server, 1, seconds))
        found["3 nodes"].append(served(server, 3, seconds))
    rows: list[list[object]] = []
    for name, figures in found.items():
        row: list[object] = [name]
        for which in (0, 1):
            ratios = [one[which] / plain[which] for one, plain in zip(figures, found["loop"], strict=True)]
            row += [f"{statistics.median(one[which] for one in figures):,.0f}", f"{statistics.median(ratios):.2f}"]
        rows.append([*row, f"{statistics.median(one[2] for one in figures):.1f}"])
    return rows


def serves(address: str, count: int) -> bool:
    """Whether the first, the middle and the last config are given; SystemExit if one is wrong."""
    with Connection(address) as connection:
        for name in map(config_name, (0, count // 2, count - 1)):
            status, body = connection.ask(get(CONFIGS, dataId=name, group=GROUP))
            if status == 200 and body != config_content(name).encode():
                raise SystemExit(f"{name}: {body!r}")
            if status != 200:
                return False
    return True


def start(node: nodes.Node, count: int) -> list[object]:
    """
    Start a node that is to serve so many configs.

    @return: seconds until it was ready and until it served them, its CPU seconds by then, its memory.
    """
    began = time.monotonic()
    script = node.launch()
    times = []
    for what in (lambda: nodes.is_ready(node.address), lambda: serves(node.address, count)):
        nodes.wait_for(what, "the node to be ready", 120)
        times.append(f"{time.monotonic() - began:.2f}")
    output = script.communicate()[0]
    if script.returncode:
        raise SystemExit(f"startup.sh: {output}")
    return [*times, f"{nodes.cpu_seconds([node.pid]):.2f}", f"{nodes.resident(node.pid):.0f}"]


def starting(server: mariadb.Server, count: int) -> list[list[object]]:
    """Lines of the table."""
    database = server.database()
    server.admin(MANY.format(group=GROUP, line=LINE.replace("\n", "\\n"), last=count - 1), database)
    found = nodes.Nodes(1, properties(server.url(database)))
    node = found.all[0]
    try:
        cold = start(node, count)
        time.sleep(2)
        node.end(signal.SIGTERM)
        warm = start(node, count)
        with open(os.path.join(node.home, "logs", "nacos.log")) as file:
            print("".join(line for line in file if "configs" in line))
    finally:
        found.close()
    return [["cold", *cold], ["warm", *warm]]


def main() -> None:
    """Run both."""
    parser = argparse.ArgumentParser(formatter_class=argparse.RawDescriptionHelpFormatter, description=__doc__)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3, help="0 for the starts only")
    parser.add_argument("--configs", type=int, default=100_000, help="0 for the publishing only")
    arguments = parser.parse_args()
    if why := mariadb.missing():
        raise SystemExit(why)
    nodes.install()
    server = mariadb.Server("--innodb-flush-log-at-trx-commit=1", "--innodb-buffer-pool-size=256M")
    try:
        if arguments.rounds:
            head = ["publishing", "per second", "of the loop", "per CPU-second", "of the loop", "p99 ms"]
            print(nodes.table(head, publishing(server, arguments.seconds, arguments.rounds)), "\n", flush=True)
        if arguments.configs:
            head = [
                f"start with {arguments.configs:,} configs",
                "s until ready",
                "s until served",
                "CPU-seconds",
                "RSS MB",
            ]
            print(nodes.table(head, starting(server, arguments.configs)))
    finally:
        server.close()


if __name__ == "__main__":
    main()
