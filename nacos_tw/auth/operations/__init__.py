"""What can be done to accounts and with logins, by whom: every API calls these."""
