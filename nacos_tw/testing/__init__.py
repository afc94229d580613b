"""
A node for other people's test suites: a real one, in a process of its own, in memory, on free ports.

    with NacosServer() as server:
        client = nacos.NacosClient(server.address)
        ...
        server.fail_next(2)                              # the next two requests are answered with 503
        server.wait_for_listener("app.yaml", "DEFAULT_GROUP")
        server.reset()                                   # nothing is registered or published any more

For pytest there are the fixtures C{nacos_server} and C{nacos} (L{nacos_tw.testing.pytest_plugin}), for trial and
unittest the mixin L{NacosServerMixin<nacos_tw.testing.mixin.NacosServerMixin>}, and for other languages
C{python -m nacos_tw.testing}. What each does: docs/testing-your-services.md.
"""

from nacos_tw.testing.server import NacosServer

__all__ = ["NacosServer"]
