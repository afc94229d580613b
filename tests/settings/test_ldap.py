"""Settings of an LDAP directory."""

from __future__ import annotations

from nacos_tw.errors import SettingsError
from nacos_tw.settings.ldap import LdapSettings
from tests.settings.test_settings import HomeTests as Home

ON = "nacos.core.auth.system.type=ldap\n"
P = "nacos.core.auth.ldap."


class LdapTests(Home):
    """What becomes of C{nacos.core.auth.ldap.*}."""

    def ldap(self, text: str = "") -> LdapSettings | None:
        return self.alone(ON + text).auth.ldap

    def test_off(self) -> None:
        """Without the type the other keys say nothing, right or wrong."""
        self.assertIsNone(self.alone(f"{P}url=nonsense\n").auth.ldap)
        self.assertIsNone(self.alone("nacos.core.auth.system.type=nacos").auth.ldap)

    def test_defaults(self) -> None:
        """Nacos's, but nobody in particular looks for users."""
        self.assertEqual(self.ldap(), LdapSettings((("localhost", 389, False),), "dc=example,dc=org"))

    def test_all(self) -> None:
        """Every key, as Nacos writes it; nothing remarked."""
        found = self.alone(
            f"{ON}{P}url=ldaps://ldap.example.org ldap://[::1]:1389/\n{P}basedc=dc=a,dc=b\n{P}timeout=1500\n"
            f"{P}userDn=cn=admin,${{{P}basedc}}\n{P}password=pa=ss\n{P}filter.prefix=sAMAccountName\n"
            f"{P}case.sensitive=false\n{P}ignore.partial.result.exception=true\n{P}ca=/ca.pem\n"
        )
        servers = (("ldap.example.org", 636, True), ("::1", 1389, False))
        wanted = LdapSettings(
            servers, "dc=a,dc=b", 1.5, "cn=admin,dc=a,dc=b", "pa=ss", "sAMAccountName", False, True, "/ca.pem"
        )
        self.assertEqual((found.auth.ldap, found.remarks), (wanted, ()))
        self.assertNotIn("pa=ss", repr(found))

    def test_pattern(self) -> None:
        """Nacos 2.0's way: the DN is made of the name."""
        found = self.ldap(f"{P}userdn=cn={{0}},dc=example,dc=org\n")
        assert found is not None
        self.assertEqual((found.direct, found.user), (True, "cn={0},dc=example,dc=org"))

    def test_wrong(self) -> None:
        """Each error names its key and what was expected."""
        for line, expected in (
            ("url=example.org", "ldap://host:port or ldaps://host:port"),
            ("url=http://example.org", "ldap://host:port or ldaps://host:port"),
            ("url=ldap://", "ldap://host:port or ldaps://host:port"),
            ("url=ldap://a:99999", "ldap://host:port or ldaps://host:port"),
            ("url=ldap://a/dc=b", "ldap://host:port or ldaps://host:port"),
            ("url=ldap://a ldap://b:x", "ldap://host:port or ldaps://host:port"),
            ("url=ldap://user:secret@a", "ldap://host:port or ldaps://host:port"),
            ("timeout=0", "milliseconds"),
            ("filter.prefix=uid=*)(a", "the name of an attribute"),
            ("filter.prefix=|(uid", "the name of an attribute"),
            ("case.sensitive=perhaps", "true or false"),
        ):
            error = str(self.assertRaises(SettingsError, self.ldap, P + line))
            self.assertIn(P + line.partition("=")[0], error)
            self.assertIn(f"expected {expected}", error)

    def test_no_password(self) -> None:
        """A user who looks without a password would be nobody to the directory, and nobody would notice."""
        error = str(self.assertRaises(SettingsError, self.ldap, f"{P}userDn=cn=admin"))
        self.assertIn(f"{P}password: expected one", error)


del Home  # else trial runs its tests, of which it has none, here too
