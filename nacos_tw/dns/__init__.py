"""Services by DNS: healthy instances as A, AAAA and SRV records (docs/dns.md)."""
