"""For test cases of unittest and of trial."""

from __future__ import annotations

import atexit
from typing import ClassVar

from nacos_tw.testing.server import NacosServer


class NacosServerMixin:
    """
    One node for all tests of the process, empty at the start of each::

        class OrdersTests(NacosServerMixin, TestCase):
            def test_listens(self) -> None:
                start(self.nacos.address)

    @ivar nacos: the node.
    """

    _shared: ClassVar[NacosServer | None] = None
    nacos: NacosServer

    def setUp(self) -> None:
        """It is there, and has nothing."""
        super().setUp()  # type: ignore[misc]
        if NacosServerMixin._shared is None:
            server = NacosServerMixin._shared = NacosServer().start()
            atexit.register(server.stop)
        else:
            NacosServerMixin._shared.reset()
        self.nacos = NacosServerMixin._shared
