"""Ways on which clients hear of changes: transports of naming's subscriptions and of config's listeners."""
