"""TLS on 8848 and 7848: files, contexts, names, reloading. Loaded only by a node that speaks it."""
