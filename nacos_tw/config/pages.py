"""Pages of a list: L{nacos_tw.paging}."""

from nacos_tw.paging import Page as Page
from nacos_tw.paging import offset as offset
