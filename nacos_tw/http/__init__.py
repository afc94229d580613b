"""HTTP: the API on 8848 and its two carriers."""
