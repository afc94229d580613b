"""What the claims of a provider's token mean here."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.access.identity import ADMIN_ROLE
from nacos_tw.auth.oidc.claims import SKEW, Person, person
from nacos_tw.auth.problems import TOKEN_EXPIRED, TOKEN_INVALID, Refused
from nacos_tw.settings.oidc import OidcSettings

NOW = 1_700_000_000.0
SETTINGS = OidcSettings("https://idp.example/realm", "nacos", roles=(("ops", ADMIN_ROLE), ("devs", "developers")))


def claims(**more: Any) -> dict[str, Any]:
    """Those of a good token."""
    usual = {"iss": SETTINGS.issuer, "aud": "nacos", "sub": "1234", "exp": NOW + 600, "iat": NOW}
    return {**usual, "preferred_username": "ann", **more}


class PersonTests(SynchronousTestCase):
    """Who it is."""

    def test_name(self) -> None:
        """The claim that the settings name, else the mail address, else the number; never a user of the table."""
        self.assertEqual(person(SETTINGS, claims(), NOW), Person("OIDC_ann", (), NOW + 600 + SKEW))
        self.assertEqual(person(SETTINGS, claims(preferred_username=""), NOW).name, "OIDC_1234")
        self.assertEqual(person(SETTINGS, claims(preferred_username=7, email="a@b"), NOW).name, "OIDC_a@b")
        self.assertEqual(person(SETTINGS, claims(preferred_username="nacos"), NOW).name, "OIDC_nacos")
        for name in ("a\nb", "x" * 201):
            self.assertRaises(Refused, person, SETTINGS, claims(preferred_username=name), NOW)

    def test_roles(self) -> None:
        """Those of the claim, or of groups; renamed as the settings say; administrators by the settings alone."""
        for given, wanted in (
            ({"roles": ["devs", "readers", 7]}, ("developers", "readers")),
            ({"roles": "readers, devs"}, ("readers", "developers")),
            ({"groups": ["readers"]}, ("readers",)),
            ({"roles": ["nacos-admin"]}, (ADMIN_ROLE,)),
            ({"roles": ["ops"]}, (ADMIN_ROLE,)),
            ({"roles": [ADMIN_ROLE]}, ()),
            ({"roles": {"a": 1}}, ()),
        ):
            self.assertEqual(person(SETTINGS, claims(**given), NOW).roles, wanted, given)
        nested = OidcSettings(SETTINGS.issuer, "nacos", roles_claim="realm_access.roles")
        self.assertEqual(person(nested, claims(realm_access={"roles": ["r"]}), NOW).roles, ("r",))
        self.assertEqual(person(nested, claims(realm_access=["r"]), NOW).roles, ())

    def test_refused(self) -> None:
        """For others, of others, without what a token must have, or not valid now."""
        for changes, why in (
            ({"iss": "https://idp.example/other"}, TOKEN_INVALID),
            ({"aud": "another"}, TOKEN_INVALID),
            ({"aud": None}, TOKEN_INVALID),
            ({"sub": ""}, TOKEN_INVALID),
            ({"exp": "soon"}, TOKEN_INVALID),
            ({"exp": True}, TOKEN_INVALID),
            ({"exp": NOW - SKEW}, TOKEN_EXPIRED),
            ({"nbf": NOW + SKEW + 1}, TOKEN_INVALID),
            ({"iat": "never"}, TOKEN_INVALID),
        ):
            self.assertEqual(self.assertRaises(Refused, person, SETTINGS, claims(**changes), NOW).why, why, changes)
        self.assertEqual(
            person(SETTINGS, claims(iss=SETTINGS.issuer + "/", exp=NOW - 1, nbf=NOW + 1), NOW).name, "OIDC_ann"
        )

    def test_audience(self) -> None:
        """A token of the API may be for others that the settings name, or name us as who asked; a login may not."""
        api = OidcSettings(SETTINGS.issuer, "nacos", audiences=("api",))
        self.assertEqual(person(api, claims(aud=["x", "api"]), NOW).name, "OIDC_ann")
        self.assertEqual(person(api, claims(aud="account", azp="nacos"), NOW).name, "OIDC_ann")
        for changes in ({"aud": "api"}, {"aud": "account", "azp": "nacos"}, {"azp": "another"}):
            self.assertRaises(Refused, person, api, claims(nonce="n", **changes), NOW, nonce="n")

    def test_nonce(self) -> None:
        """An ID token must have that of the login."""
        self.assertEqual(person(SETTINGS, claims(nonce="n"), NOW, nonce="n").name, "OIDC_ann")
        for given in ({}, {"nonce": "m"}, {"nonce": None}):
            self.assertRaises(Refused, person, SETTINGS, claims(**given), NOW, nonce="n")
