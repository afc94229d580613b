"""The same behaviour of both engines."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.grpc.engine.connection import Connection
from nacos_tw.grpc.engine.reference import Reference
from tests.grpc.engine import behaviour


class CallTests(behaviour.CallTests, SynchronousTestCase):
    """The engine that serves."""

    make = Connection


class StreamTests(behaviour.StreamTests, SynchronousTestCase):
    make = Connection


class FlowTests(behaviour.FlowTests, SynchronousTestCase):
    make = Connection


class ConnectionTests(behaviour.ConnectionTests, SynchronousTestCase):
    make = Connection


class HostileTests(behaviour.HostileTests, SynchronousTestCase):
    make = Connection


class ReferenceCallTests(behaviour.CallTests, SynchronousTestCase):
    """The one on h2."""

    make = Reference


class ReferenceStreamTests(behaviour.StreamTests, SynchronousTestCase):
    make = Reference


class ReferenceFlowTests(behaviour.FlowTests, SynchronousTestCase):
    make = Reference


class ReferenceConnectionTests(behaviour.ConnectionTests, SynchronousTestCase):
    make = Reference


class ReferenceHostileTests(behaviour.HostileTests, SynchronousTestCase):
    make = Reference
