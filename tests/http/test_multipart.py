"""Multipart bodies."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import BadParameter
from nacos_tw.http.call import Call
from nacos_tw.http.multipart import Upload, parse

TYPE = b'multipart/form-data; boundary="b"'


class Multipart(SynchronousTestCase):
    def test_fields_and_files(self) -> None:
        body = (
            b'preamble\r\n--b \r\nContent-Disposition: form-data; name="policy"\r\n\r\nSKIP\r\n'
            b'--b\r\ncontent-disposition: form-data; name=file; filename="a \\"b\\";.zip"\r\n'
            b"Content-Type: x\r\n\r\n\r\nraw\x00\xff\n\r\n\r\n--b--\r\nepilogue"
        )
        fields, files = parse(TYPE, body)
        self.assertEqual(fields, {"policy": "SKIP"})
        self.assertEqual(files, {"file": Upload('a "b";.zip', b"\r\nraw\x00\xff\n\r\n")})

    def test_another_type(self) -> None:
        self.assertEqual(parse(b"application/json", b"{}"), ({}, {}))

    def test_refused(self) -> None:
        part = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
        for kind, body in (
            (b"multipart/form-data", part), (b"multipart/form-data; boundary=", part), (TYPE, b""), (TYPE, part),
            (TYPE, b"--bx" + part[3:] + b"--b--"), (TYPE, b"--b\r\nno end\r\n--b--"), (TYPE, part * 101 + b"--b--"),
        ):  # fmt: skip
            self.assertRaises(BadParameter, parse, kind, body)

    @given(st.binary(max_size=200), st.binary(max_size=60))
    def test_noise(self, body: bytes, kind: bytes) -> None:
        for each in (TYPE, b"multipart/form-data;" + kind):
            try:
                parse(each, body)
            except BadParameter:
                pass

    def test_of_a_call(self) -> None:
        body = (
            b'--b\r\nContent-Disposition: form-data; name="policy"\r\n\r\n SKIP \r\n'
            b'--b\r\nContent-Disposition: form-data; name="content"\r\n\r\n x \r\n'
            b'--b\r\nContent-Disposition: form-data; name="f"; filename=""\r\n\r\ndata\r\n--b--'
        )
        call = Call.make("POST", "/x?policy=ABORT", body, {"Content-Type": TYPE.decode()})
        self.assertEqual(call.params, {"policy": "ABORT", "content": " x "})
        self.assertEqual(call.files, {"f": Upload("", b"data")})
        call.forget()
        self.assertEqual((call.body, call.head, call.files, call.get("policy")), (b"", b"", {}, "ABORT"))
        broken = Call.make("POST", "/x?a=b", body[:-2], {"Content-Type": TYPE.decode()})
        self.assertEqual((broken.params, broken.files), ({"a": "b"}, {}))
