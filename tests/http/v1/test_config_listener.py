"""The long poll on the wire, and who listens to what."""

from __future__ import annotations

from urllib.parse import quote, urlencode

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.testing import StringTransport

from nacos_tw.config import switches
from nacos_tw.config.model import ConfigKey, md5_of
from nacos_tw.config.watchers import WATCHED, WATCHERS
from nacos_tw.errors import BadParameter
from nacos_tw.http.listener import FrontFactory
from nacos_tw.http.reply import Reply
from nacos_tw.http.v1.config_replies import NO_CACHE
from nacos_tw.http.v1.listener import changed_text, parse_listened
from nacos_tw.settings.settings import HttpSettings
from tests.http.carriers import Client, get
from tests.http.v1.configuring import JSON, ConfigCase

LISTENER = "/v1/cs/configs/listener"
HOLD = {"Long-Pulling-Timeout": "30000"}


def records(*listened: tuple[str, ...]) -> str:
    return "".join("\x02".join(each) + "\x01" for each in listened)


class Wire(ConfigCase):
    def test_records(self) -> None:
        text = records(("d", "g", "m"), ("d", "g", "", "t"), ("e", "g", "n", ""))
        expected: dict[ConfigKey, str] = {("", "g", "d"): "m", ("t", "g", "d"): "", ("", "g", "e"): "n"}
        self.assertEqual(parse_listened(text), expected)
        self.assertEqual(parse_listened(quote(text)), expected)
        self.assertEqual(parse_listened(text + "rest\x02"), expected)

    def test_records_refused(self) -> None:
        for text in ("", "d\x02g\x02m", "d\x02g\x01", records(("d", "g", "m", "t", "x")), "\x01", "a\x01"):
            self.assertRaisesRegex(BadParameter, "^invalid probeModify$", parse_listened, text)
        many = records(*((f"d{number}", "g", "") for number in range(10_001)))
        self.assertRaises(BadParameter, parse_listened, many)
        self.assertEqual(len(parse_listened(many[: many.rindex("d")])), 10_000)

    @given(st.text())
    def test_any_text(self, text: str) -> None:
        try:
            found = parse_listened(text)
        except BadParameter:
            return
        self.assertTrue(found)

    def test_java_encodes_so(self) -> None:
        self.assertEqual(
            changed_text([("", "g", "a b*-._~+%中"), ("t", "g", "d")]),
            "a+b*-._%7E%2B%25%E4%B8%AD%02g%01d%02g%02t%01",
        )


class Polling(ConfigCase):
    def poll(
        self, *listened: tuple[str, ...], headers: dict[str, str] | None = None, **more: str
    ) -> Reply | Deferred[Reply]:
        form = urlencode({"Listening-Configs": records(*listened)})
        return self.call("POST", LISTENER, form, {**HOLD, **(headers or {}), **more})

    def waiting(self, *listened: tuple[str, ...], **headers: str) -> Deferred[Reply]:
        result = self.poll(*listened, headers=headers)
        assert isinstance(result, Deferred)
        self.assertNoResult(result)
        return result

    def answered(self, result: Reply | Deferred[Reply], body: str) -> None:
        reply = result if isinstance(result, Reply) else self.successResultOf(result)
        self.assertEqual((reply.status, reply.body.decode(), reply.content_type), (200, body, JSON))
        self.assertEqual(reply.headers, NO_CACHE if body else ())

    def test_differs_now(self) -> None:
        self.publish("a")
        self.publish("a", tenant="t")
        same = ("d", "g", md5_of("a"), "t")
        self.answered(self.poll(("d", "g", "old"), same, ("x", "g", "y")), "d%02g%01x%02g%01\n")

    def test_missing_and_up_to_date(self) -> None:
        poll = self.waiting(("d", "g", ""))
        self.publish("a")
        self.clock.advance(0)
        self.answered(poll, "d%02g%01\n")

    def test_the_tenant_as_sent(self) -> None:
        poll = self.waiting(("d", "g", "", "public"))
        self.publish("a")
        self.clock.advance(0)
        self.answered(poll, "d%02g%02public%01\n")

    def test_held_so_long(self) -> None:
        for timeout, seconds in (("30000", 29.5), ("1000", 10.0), ("99999999", 600.0)):
            poll = self.waiting(("d", "g", ""), **{"Long-Pulling-Timeout": timeout})
            self.clock.advance(seconds - 0.1)
            self.assertNoResult(poll)
            self.clock.pump((0.5, 0.1))
            self.answered(poll, "")

    def test_no_hangup(self) -> None:
        no_hangup = {"Long-Pulling-Timeout-No-Hangup": "true"}
        self.answered(self.poll(("d", "g", ""), headers=no_hangup), "")
        self.answered(self.poll(("d", "g", "x"), headers=no_hangup), "d%02g%01\n")

    def test_only_the_change_is_told(self) -> None:
        self.publish("a")
        poll = self.waiting(("d", "g", md5_of("a")), ("e", "g", ""))
        self.publish("a", desc="other")
        self.clock.advance(0)
        self.assertNoResult(poll)
        self.get(method="DELETE")
        self.publish("b", dataId="e")
        self.clock.advance(0)
        self.answered(poll, "d%02g%01\n")

    def test_beta_only_to_its_addresses(self) -> None:
        self.publish("a")
        listened = ("d", "g", md5_of("a"))
        chosen = self.waiting(listened, **{"X-Forwarded-For": "1.1.1.1"})
        other = self.waiting(listened)
        self.publish("b", {"betaIps": "1.1.1.1"})
        self.clock.advance(0)
        self.answered(chosen, "d%02g%01\n")
        self.assertNoResult(other)
        other.cancel()
        self.clock.advance(0)

    def test_tag(self) -> None:
        self.publish("a")
        self.publish("b", tag="x")
        tagged = {"Vipserver-Tag": "x"}
        self.answered(self.poll(("d", "g", md5_of("a")), headers=tagged), "d%02g%01\n")
        poll = self.waiting(("d", "g", md5_of("b")), **tagged)
        self.publish("c", tag="x")
        self.clock.advance(0)
        self.answered(poll, "d%02g%01\n")

    def test_the_client_goes(self) -> None:
        poll = self.waiting(("d", "g", ""))
        self.assertEqual(self.polls.waiting, 1)
        poll.cancel()
        self.assertEqual(self.polls.waiting, 0)
        poll.addErrback(lambda failure: failure.trap(CancelledError))

    def test_many_share_one_answer(self) -> None:
        polls = [self.waiting(("d", "g", "")) for _ in range(3)]
        self.publish("a")
        self.clock.advance(0)
        self.assertEqual(len({id(self.successResultOf(poll)) for poll in polls}), 1)

    def test_refused(self) -> None:
        self.refused(self.reply("POST", LISTENER, "", HOLD), "invalid probeModify")
        self.refused(self.reply("POST", LISTENER, "Listening-Configs=d%02g%02", HOLD), "invalid probeModify")
        reply = self.poll(("d", "g", ""), headers={"Long-Pulling-Timeout": "soon"})
        assert isinstance(reply, Reply)
        self.refused(reply, 'For input string: "soon"')

    def test_encoded_twice(self) -> None:
        text = quote(records(("d", "g", md5_of("a"))))
        self.publish("a")
        result = self.call("POST", LISTENER, urlencode({"Listening-Configs": text}), HOLD)
        assert isinstance(result, Deferred)
        self.assertNoResult(result)

    def test_too_many(self) -> None:
        self.polls._most = 0
        result = self.poll(("d", "g", ""))
        reply = result if isinstance(result, Reply) else self.successResultOf(result)
        self.refused(reply, "too many clients listen on this node", 503)

    def test_short_polls(self) -> None:
        self.publish("a")
        form = urlencode({"Listening-Configs": records(("d", "g", "x"), ("n", "g", ""))})
        for version, body in (("", b""), ("1.4.8", b""), ("2.0.4", b"d%02g%01\n"), ("x", b"")):
            reply = self.reply("POST", LISTENER, form, {"Client-Version": version} if version else None)
            self.assertEqual((reply.status, reply.body), (200, body))
            headers = dict(reply.headers)
            self.assertEqual(headers[b"Probe-Modify-Response"], b"d:g;")
            self.assertEqual(headers[b"Probe-Modify-Response-New"], b"d%02g%01")
        evil = urlencode({"Listening-Configs": records(("d\r\nX: y", "g", "x"))})
        self.assertNotIn(b"\r", b"".join(dict(self.reply("POST", LISTENER, evil).headers).values()))

    def test_fixed_polling(self) -> None:
        tenant, group, data_id = switches.KEY
        self.publish("isFixedPolling=true\n#\nfixedPollingInertval=12000", dataId=data_id, group=group)
        poll = self.waiting(("d", "g", "old"))
        self.publish("a")
        self.clock.advance(11.9)
        self.assertNoResult(poll)
        self.clock.advance(0.2)
        self.answered(poll, "d%02g%01\n")
        self.get(method="DELETE", dataId=data_id, group=group)
        self.answered(self.poll(("d", "g", "old")), "d%02g%01\n")

    def test_switches(self) -> None:
        found = switches.parse_switches(
            "fixedDelayTime = 1000\r\nfixedPollingInertval=x\nMIN_LONG_POOLING_TIMEOUT=5000\nnothing"
        )
        self.assertEqual((found.fixed, found.interval, found.seconds(30_000), found.seconds(1)), (False, 10_000, 29, 5))

    def test_over_a_connection(self) -> None:
        factory = FrontFactory(self.areas, "/nacos", HttpSettings(), self.clock)
        factory.doStart()
        form = urlencode({"Listening-Configs": records(("d", "g", ""))}).encode()
        request = get(
            f"/nacos{LISTENER}",
            "Content-Type: application/x-www-form-urlencoded",
            "Long-Pulling-Timeout: 30000",
            method="POST",
            body=form,
        )
        clients = []
        for _ in range(2):
            protocol = factory.buildProtocol(StringTransport().getPeer())
            assert protocol is not None
            clients.append(Client(protocol))
            clients[-1].send(request)
        self.assertEqual(self.polls.waiting, 2)
        clients[0].leave()
        self.assertEqual(self.polls.waiting, 1)
        self.publish("a")
        self.clock.advance(0)
        (got,) = clients[1].got()
        self.assertEqual((got.status, got.body, got.headers["content-type"]), (200, b"d%02g%01\n", JSON.decode()))
        self.assertEqual((clients[0].got(), self.polls.waiting), ([], 0))

    # -- who listens

    def asked_of(self, target: str) -> Reply:
        result = self.call("GET", target)
        assert isinstance(result, Deferred)
        self.clock.pump((0.1,) * 3)
        return self.successResultOf(result)

    def test_who_listens_to_a_config(self) -> None:
        self.publish("a")
        self.waiting(("d", "g", md5_of("a")))
        self.others = [msgspec.msgpack.encode({"2.2.2.2": "m"})]
        found = msgspec.json.decode(self.asked_of(f"{LISTENER}?dataId=d&group=g").body)
        statuses = {"2.2.2.2": "m", "127.0.0.1": md5_of("a")}
        self.assertEqual(found, {"collectStatus": 200, "lisentersGroupkeyStatus": statuses})
        self.assertEqual(self.asked, [(WATCHERS, msgspec.msgpack.encode(("", "g", "d")))])
        local = self.asked_of("/v1/cs/communication/configWatchers?dataId=d&group=g&tenant=")
        self.assertEqual(local.body, b'{"lisentersGroupkeyStatus":{"127.0.0.1":"%s"}}' % md5_of("a").encode())
        nobody = self.asked_of("/v1/cs/communication/configWatchers?dataId=e&group=")
        self.assertEqual(nobody.body, b'{"lisentersGroupkeyStatus":{}}')

    def test_what_an_address_listens_to(self) -> None:
        self.waiting(("d", "g", ""), ("e%2B", "g", "", "t"))

        def shown(target: str) -> dict[str, str]:
            found: dict[str, str] = msgspec.json.decode(self.asked_of(target).body)["lisentersGroupkeyStatus"]
            return found

        target = "/v1/cs/listener?ip=127.0.0.1"
        self.assertEqual(shown(target), {"d+g": ""})
        self.assertEqual(shown(f"{target}&all=true"), {"d+g": "", "e%2B+g+t": ""})
        self.assertEqual(shown(f"{target}&tenant=t"), {"e%2B+g+t": ""})
        self.assertEqual(shown("/v1/cs/communication/watcherConfigs?ip=127.0.0.1"), {"d+g": "", "e%2B+g+t": ""})
        self.assertEqual(self.asked[0], (WATCHED, msgspec.msgpack.encode("127.0.0.1")))
        result = self.call("GET", "/v1/cs/listener")
        assert isinstance(result, Deferred)
        text = "Required request parameter 'ip' for method parameter type String is not present"
        self.refused(self.successResultOf(result), text)
