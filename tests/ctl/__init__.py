"""nacosctl without a server."""
