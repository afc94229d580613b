"""The fixtures C{nacos_server}, one node for the whole run, and C{nacos}, the same one, empty for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nacos_tw.testing.server import NacosServer


def pytest_itemcollected(item: pytest.Item) -> None:
    """A test wants a node: what its start needs is loaded while others are collected."""
    if "nacos_server" in getattr(item, "fixturenames", ()):
        NacosServer.prepare()


@pytest.fixture(scope="session")
def nacos_server() -> Iterator[NacosServer]:
    """A node for the whole run."""
    with NacosServer() as server:
        yield server


@pytest.fixture
def nacos(nacos_server: NacosServer) -> NacosServer:
    """The node, with nothing in it."""
    nacos_server.reset()
    return nacos_server
