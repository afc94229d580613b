"""Namespaces: rows of tenant_info, and the counts shown with them."""
