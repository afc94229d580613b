"""The keys of logins by LDAP (C{nacos.core.auth.ldap.*})."""

from __future__ import annotations

from typing import Any

from nacos_tw.settings.key import Key
from nacos_tw.settings.kinds import attribute, file_path, ldap_urls, milliseconds, switch, text

URL = Key(
    "nacos.core.auth.ldap.url", ldap_urls, "ldap://localhost:389", "Address of the LDAP directory: ldap://host:port, "
    "or ldaps://host:port (encrypted); several addresses, separated by blanks, are tried in turn.",
)  # fmt: skip
BASE = Key("nacos.core.auth.ldap.basedc", text, "dc=example,dc=org", "The entry below which users are searched.")
TIMEOUT = Key(
    "nacos.core.auth.ldap.timeout", milliseconds(100, 60_000), "3000", "How long the directory may take to answer.",
)  # fmt: skip
USER = Key(
    "nacos.core.auth.ldap.userDn", text, "", "The entry that searches for users, such as cn=admin,dc=example,dc=org; "
    "anonymous if unset. With {0} in place of the name it is the entry that users log in as, without a search.",
)  # fmt: skip
PASSWORD = Key("nacos.core.auth.ldap.password", text, "", "The password of userDn.")
FILTER = Key("nacos.core.auth.ldap.filter.prefix", attribute, "uid", "The attribute that holds a user's name.")
CASE = Key(
    "nacos.core.auth.ldap.case.sensitive", switch(), "true", "false: names are made lower case, so that Ann and ann "
    "are one user here, as in most directories.",
)  # fmt: skip
PARTIAL = Key(
    "nacos.core.auth.ldap.ignore.partial.result.exception", switch(), "false", "true: referrals to other directories, "
    "as Active Directory gives them, are ignored. false: a login fails if there are any.",
)  # fmt: skip
CA = Key(
    "nacos.core.auth.ldap.ca", file_path, "", "PEM file of the CAs for the certificate of an ldaps server; the "
    "system's CAs if unset.",
)  # fmt: skip

KEYS: tuple[Key[Any], ...] = (URL, BASE, TIMEOUT, USER, PASSWORD, FILTER, CASE, PARTIAL, CA)
