"""All that a user owns, from one place to another: servers, export files, a key-value store's export."""
