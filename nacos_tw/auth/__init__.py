"""Who may do what: users, roles, permissions, passwords and tokens (config fact sheet 12)."""
