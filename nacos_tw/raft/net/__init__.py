"""The links between the nodes: connections, handshake, frames."""
