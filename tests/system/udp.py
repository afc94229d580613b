"""A client of UDP pushes: polls a list with its port, receives datagrams, acknowledges them."""

from __future__ import annotations

import json
import socket
import time
import zlib
from typing import Any

from tests.system.nodes import NAMING, Answer, RealNode

JAVA = "Nacos-Java-Client:v1.4.8"


class Packet:
    """
    One datagram.

    @ivar packed: whether it came gzip-compressed.
    @ivar size: its bytes as text.
    @ivar number: its id.
    @ivar info: what GET /list would answer.
    """

    def __init__(self, datagram: bytes, sender: Any) -> None:
        self.sender = sender
        self.packed = datagram[:2] == b"\x1f\x8b"
        text = zlib.decompress(datagram, 31) if self.packed else datagram
        self.size = len(text)
        outer = json.loads(text)
        self.type: str = outer["type"]
        self.number: int = outer["lastRefTime"]
        self.data: str = outer["data"]
        self.info: dict[str, Any] = json.loads(self.data)

    @property
    def ips(self) -> set[str]:
        return {host["ip"] for host in self.info["hosts"]}


class UdpClient:
    """@ivar port: where it hears."""

    def __init__(self, node: RealNode, agent: str = JAVA) -> None:
        self.node = node
        self.agent = agent
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]

    def poll(self, service: str, **more: Any) -> Answer:
        """GET /list with the port: subscribes, or stays subscribed."""
        params = {"serviceName": service, "udpPort": self.port, "clientIP": "127.0.0.1", **more}
        return self.node.request("GET", NAMING + "/instance/list", params, headers={"User-Agent": self.agent})

    def receive(self, seconds: float, ack: bool = True) -> Packet | None:
        """The next datagram; None if there is none within that time."""
        self.socket.settimeout(seconds)
        try:
            packet = Packet(*self.socket.recvfrom(65536))
        except TimeoutError:
            return None
        if ack:
            answer = {"type": "push-ack", "lastRefTime": str(packet.number), "data": ""}
            self.socket.sendto(json.dumps(answer).encode(), packet.sender)
        return packet

    def until(self, ips: set[str], seconds: float = 30.0) -> Packet | None:
        """The first datagram that lists just these ips; None if there is none in time."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            packet = self.receive(left)
            if packet is not None and packet.ips == ips:
                return packet
        return None

    def close(self) -> None:
        self.socket.close()
