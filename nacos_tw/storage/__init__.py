"""Where SQL runs: MySQL through a pool of threads, SQLite in place. What the statements say is their owners' affair."""
