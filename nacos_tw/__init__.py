"""nacos_tw: a service registry and configuration centre that speaks the Nacos API, on Twisted."""

__version__ = "0.1.0"
