"""Who may do what: users, roles, permissions, passwords and tokens (docs/spec/config-v1.md#12)."""
