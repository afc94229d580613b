"""The one database of configs, namespaces and accounts: embedded in every node, or one that all nodes share."""
