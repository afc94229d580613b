"""The console: the pages that are built out of C{console/}, served beside the API."""
