"""Users of an OpenID Connect provider, beside those of the own table: their tokens, and logins by the browser."""
