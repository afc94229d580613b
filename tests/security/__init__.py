"""Known break-ins, each played against the server: it does not work."""
