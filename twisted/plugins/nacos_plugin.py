"""Makes ``twistd nacos`` known; everything is found lazily in L{nacos_tw.service}."""

from twisted.application.service import ServiceMaker

nacos = ServiceMaker("Nacos", "nacos_tw.service", "A service registry and configuration centre.", "nacos")
