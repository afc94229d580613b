"""Names and passwords at a real OpenLDAP."""

from __future__ import annotations

import functools
import socket

import attrs
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.auth.ldap import Ldap, LdapTrouble, connector
from nacos_tw.errors import StartError
from nacos_tw.settings.ldap import LdapSettings
from tests import slapd

HARD = 'p)(w*\\é,=+<>#;" '
STRANGE = ("o'hara, jr. (x*y)\\z", "#hash", "a+b=c", 'quo"te', "<x>;y", "zoë", "日本", "slash/ed")


@functools.cache
def server() -> slapd.Slapd:
    """One for all tests, with some people."""
    made = slapd.Slapd()
    made.add("ann", "right")
    made.add("bob", HARD)
    made.add("other", "right", f"ou=more,{slapd.BASE}")
    for name in STRANGE:
        made.add(name, "right")
    return made


class ServerTests(SynchronousTestCase):
    """Logins at it."""

    skip = slapd.missing() or None

    def setUp(self) -> None:
        self.server = server()
        self.settings = LdapSettings(
            (("127.0.0.1", self.server.port, False),), slapd.BASE, 5.0, slapd.ADMIN, slapd.ADMIN_PASSWORD
        )

    def ldap(self, **changes: object) -> Ldap:
        settings = attrs.evolve(self.settings, **changes)
        return Ldap(settings, connector(settings))

    def test_right(self) -> None:
        """The right password of somebody below the base, also one of signs that mean something elsewhere."""
        ldap = self.ldap()
        self.assertTrue(ldap.matches("ann", "right"))
        self.assertTrue(ldap.matches("bob", HARD))
        self.assertTrue(ldap.matches("other", "right"))
        for name in STRANGE:
            self.assertTrue(ldap.matches(name, "right"), name)

    def test_wrong(self) -> None:
        """A wrong password, nobody's name, somebody beside the base."""
        ldap = self.ldap()
        self.assertFalse(ldap.matches("ann", "wrong"))
        self.assertFalse(ldap.matches("ann", HARD))
        self.assertFalse(ldap.matches("nobody", "right"))
        self.assertFalse(self.ldap(base=slapd.PEOPLE).matches("other", "right"))

    def test_no_password(self) -> None:
        """A bind without one succeeds at any server as nobody; so does one whose text vanishes when it is prepared."""
        for ldap in (self.ldap(), self.ldap(user=f"uid={{0}},{slapd.PEOPLE}")):
            for password in ("", "\0", "\0right", "right\0", "\u00ad", "\u200b"):
                self.assertFalse(ldap.matches("ann", password), ascii(password))

    def test_injection(self) -> None:
        """A name is nothing but a name, in a filter and in a DN."""
        names = (
            "*", "a*", "an*", "?nn", "ann)(uid=*", "*)(uid=ann", "ann)(|(uid=*", "*)(objectClass=*", "ann\0", "\0", "",
            "ann))(&(uid=*", "\\61nn", "ann\\", "(uid=ann)", "ann,ou=people", f"ann,{slapd.PEOPLE}",
            f"ann,{slapd.PEOPLE}\0", "ann+cn=ann", "x,uid=ann",
        )  # fmt: skip
        for ldap in (self.ldap(), self.ldap(user=f"uid={{0}},{slapd.PEOPLE}")):
            self.assertTrue(ldap.matches("ann", "right"))
            for name in names:
                self.assertFalse(ldap.matches(name, "right"), name)

    def test_direct(self) -> None:
        """Where DNs follow a pattern nobody needs to look."""
        ldap = self.ldap(user=f"uid={{0}},{slapd.PEOPLE}", password="")
        self.assertTrue(ldap.matches("ann", "right"))
        self.assertFalse(ldap.matches("ann", "wrong"))
        self.assertFalse(ldap.matches("other", "right"))
        for name in STRANGE:
            self.assertTrue(ldap.matches(name, "right"), name)

    def test_anonymous_search(self) -> None:
        """Where anybody may look, no user is needed to."""
        ldap = self.ldap(user="", password="")
        self.assertTrue(ldap.matches("ann", "right"))
        self.assertFalse(ldap.matches("ann", "wrong"))

    def test_other_attribute(self) -> None:
        """Names may stand in another attribute; one that several entries have is nobody's."""
        self.server.add("twice", "one")
        self.server.add("twice", "two", f"ou=more,{slapd.BASE}")
        self.assertTrue(self.ldap(attribute="sn").matches("ann", "right"))
        self.assertIn("several entries", str(self.trouble(self.ldap(), "twice", "one")))

    def test_settings_that_do_not_fit(self) -> None:
        """The text says what is wrong, and holds no password."""
        for change, text in (
            ({"password": "not-it"}, f"{slapd.ADMIN} may not look for users: invalidCredentials"),
            ({"base": "dc=elsewhere"}, "searching below dc=elsewhere: "),
        ):
            found = str(self.trouble(self.ldap(**change)))
            self.assertIn(text, found)
            self.assertNotIn("not-it", found)

    def test_references(self) -> None:
        """They are an error unless the settings say that they are not."""
        self.server.add_reference("away", "ldap://127.0.0.1:1/dc=away")
        self.addCleanup(self.server.remove, f"ou=away,{slapd.BASE}")
        self.assertIn("referred", str(self.trouble(self.ldap())))
        ldap = self.ldap(ignore_references=True)
        self.assertTrue(ldap.matches("ann", "right"))
        self.assertFalse(ldap.matches("ann", "wrong"))
        self.assertFalse(ldap.matches("nobody", "right"))

    def test_tls(self) -> None:
        """ldaps, with a certificate that an authority of ours has signed."""
        for host in ("127.0.0.1", "localhost"):
            tls = ((host, self.server.tls_port, True),)
            ldap = self.ldap(servers=tls, authorities=self.server.authority)
            self.assertTrue(ldap.matches("ann", "right"))
            self.assertFalse(ldap.matches("ann", "wrong"))

    def test_tls_not_trusted(self) -> None:
        """A certificate of somebody else, or for another name, gets no password."""
        tls = (("127.0.0.1", self.server.tls_port, True),)
        self.assertIn("certificate verify failed", str(self.trouble(self.ldap(servers=tls))))
        other = slapd.Slapd("ldap.example.org")
        self.addCleanup(other.close)
        other.add("ann", "right")
        tls = (("127.0.0.1", other.tls_port, True),)
        trouble = self.trouble(self.ldap(servers=tls, authorities=other.authority))
        self.assertIn("certificate verify failed", str(trouble))
        with self.assertRaises(StartError):
            connector(attrs.evolve(self.settings, servers=tls, authorities="/nonexistent"))

    def test_away(self) -> None:
        """Of several servers the first that answers counts; with none it cannot be told."""
        here = self.settings.servers[0]
        gone, silent = ("127.0.0.1", 1, False), socket.socket()
        self.addCleanup(silent.close)
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        mute = ("127.0.0.1", silent.getsockname()[1], False)
        self.assertTrue(self.ldap(servers=(gone, here)).matches("ann", "right"))
        self.assertFalse(self.ldap(servers=(gone, here)).matches("ann", "wrong"))
        self.assertTrue(self.ldap(servers=(mute, here), timeout=3).matches("ann", "right"))
        text = str(self.trouble(self.ldap(servers=(gone, mute), timeout=0.1)))
        self.assertIn("ldap://127.0.0.1:1: ", text)
        self.assertIn("refused", text)
        self.assertIn("timed out", text)

    def trouble(self, ldap: Ldap, name: str = "ann", password: str = "right") -> LdapTrouble:
        """What the login fails with."""
        return self.assertRaises(LdapTrouble, ldap.matches, name, password)
