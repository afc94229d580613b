"""Bombs as contents: the server never parses what a client publishes, whatever type it has."""

from __future__ import annotations

from tests.security.probing import SecurityCase, peak
from tests.system.config_nodes import md5, publish, read

ENTITIES = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
BOMBS = {
    "xml": f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "lol">{ENTITIES}]><x>&l9;</x>',
    "xml with a file": '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><x>&f;</x>',
    "xml with an address": '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/evil.dtd"><x/>',
    "yaml": "a: &a [x,x,x,x,x,x,x,x,x]\n"
    + "".join(
        f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefghi", "bcdefghij", strict=True)
    ),
    "yaml with an object": "!!python/object/apply:os.system ['true']\n",
    "yaml with a Java object": "!!javax.script.ScriptEngineManager [!!java.net.URLClassLoader [[!!java.net.URL [x]]]",
    "json": "[" * 500_000,
    "toml": "a = " + "[" * 500_000,
    "properties": "a=${b}\nb=${a}\nc=${jndi:ldap://127.0.0.1:9/x}\n",
    "html": "<div>" * 200_000,
    "text": "${jndi:ldap://127.0.0.1:9/x} {{7*7}} #{7*7} %s%s%n {0.__class__}",
}


class ContentBombTests(SecurityCase):
    """Each bomb is stored and given back as it is."""

    def test_xml_and_yaml_bombs(self) -> None:
        """A publish of any type just stores the text, quickly and in little memory."""
        for name, content in BOMBS.items():
            kind = name.partition(" ")[0]
            with self.served(), peak(self.node.pid) as most:
                self.assertTrueAnswer(publish(self.node, f"bomb.{kind}", content, type=kind))
                self.assertEqual(read(self.node, f"bomb.{kind}"), content, name)
            self.assertLess(most[0], 300, name)

    def test_bombs_as_beta_and_tag_and_description(self) -> None:
        """Nor are copies and descriptions parsed."""
        for name in ("xml", "yaml"):
            content = BOMBS[name]
            self.assertTrueAnswer(publish(self.node, "bomb", "x"))
            self.assertTrueAnswer(publish(self.node, "bomb", content, {"betaIps": "10.9.9.9"}))
            self.assertTrueAnswer(publish(self.node, "bomb", content, tag="t", type=name))
            self.assertTrueAnswer(publish(self.node, "bomb2", "x", schema=content, desc=content[:100]))
            self.assertEqual(read(self.node, "bomb", ip="10.9.9.9"), content)
            self.assertEqual(read(self.node, "bomb", tag="t"), content)

    def test_bombs_in_parameters_that_are_json(self) -> None:
        """JSON that a client sends is read with a limit to its depth."""
        deep = "[" * 100_000
        for method, path, params in (
            ("PUT", "/v1/ns/instance/beat", {"serviceName": "s", "beat": deep}),
            (
                "POST",
                "/v1/ns/instance",
                {"serviceName": "s", "ip": "10.0.0.1", "port": "1", "metadata": '{"a":' + deep},
            ),
            ("POST", "/v1/ns/service", {"serviceName": "s", "selector": deep}),
            ("PUT", "/v1/ns/instance/metadata/batch", {"serviceName": "s", "instances": deep, "metadata": deep}),
            ("PUT", "/v1/ns/cluster", {"serviceName": "s", "clusterName": "c", "healthChecker": deep}),
            ("POST", "/v1/cs/configs?clone=true&tenant=&policy=SKIP", {}),
            ("POST", "/v1/core/ops/raft", {}),
            ("PUT", "/v1/ns/distro/datum", {}),
        ):
            form = "&".join(f"{name}={value}" for name, value in params.items()).encode() if params else deep.encode()
            kind = "application/x-www-form-urlencoded" if params else "application/json"
            with self.served():
                answer = self.node.request(method, f"/nacos{path}", {}, form, {"Content-Type": kind})
            self.assertIn(answer.status, (200, 400, 404, 500), f"{path}: {answer}")
            self.assertNotIn(b"Traceback", answer.body)

    def test_hash_of_a_bomb(self) -> None:
        """What a client gets to compare is of the text itself."""
        self.assertTrueAnswer(publish(self.node, "hashed", BOMBS["xml"], type="xml"))
        answer = self.node.request("GET", "/nacos/v1/cs/configs", {"dataId": "hashed", "group": "g"})
        self.assertEqual(answer.headers["content-md5"], md5(BOMBS["xml"]))
