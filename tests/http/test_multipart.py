"""Multipart bodies."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import BadParameter
from nacos_tw.http.call import Call
from nacos_tw.http.multipart import MAX_PART_HEADER, MAX_PART_HEADERS, Upload, parse_form

TYPE = b'multipart/form-data; boundary="b"'


class Multipart(SynchronousTestCase):
    def test_fields_and_files(self) -> None:
        body = (
            b'preamble\r\n--b \r\nContent-Disposition: form-data; name="policy"\r\n\r\nSKIP\r\n'
            b'--b\r\ncontent-disposition: form-data; name=file; filename="a \\"b\\";.zip"\r\n'
            b"Content-Type: x\r\n\r\n\r\nraw\x00\xff\n\r\n\r\n--b--\r\nepilogue"
        )
        fields, files = parse_form(TYPE, body)
        self.assertEqual(fields, {"policy": "SKIP"})
        self.assertEqual(files, {"file": Upload('a "b";.zip', b"\r\nraw\x00\xff\n\r\n")})

    def test_another_type(self) -> None:
        self.assertEqual(parse_form(b"application/json", b"{}"), ({}, {}))

    def test_refused(self) -> None:
        part = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
        for kind, body in (
            (b"multipart/form-data", part), (b"multipart/form-data; boundary=", part), (TYPE, b""), (TYPE, part),
            (TYPE, b"--bx" + part[3:] + b"--b--"), (TYPE, b"--b\r\nno end\r\n--b--"), (TYPE, part * 101 + b"--b--"),
        ):  # fmt: skip
            self.assertRaises(BadParameter, parse_form, kind, body)

    @given(st.binary(max_size=200), st.binary(max_size=60))
    def test_noise(self, body: bytes, kind: bytes) -> None:
        for each in (TYPE, b"multipart/form-data;" + kind):
            try:
                parse_form(each, body)
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

    def test_boundaries(self) -> None:
        """What clients call a boundary: in quotes, or without them though they should be there."""
        for kind, boundary in (
            (b"multipart/form-data; boundary=----=_Part/1:2", b"----=_Part/1:2"),
            (b'Multipart/Form-Data; charset=utf-8; Boundary="a b"', b"a b"),
        ):
            body = b'--%s\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--%s--' % (boundary, boundary)
            self.assertEqual(parse_form(kind, body), ({"a": "1"}, {}))

    def test_names(self) -> None:
        """Names are UTF-8, quotes in them as browsers write them; what is no UTF-8 refuses no form."""
        for written, name in (("配置.zip".encode(), "配置.zip"), (b"a%22b", 'a"b'), (b"\xc5\xe4", "\ufffd\ufffd")):
            head = b'--b\r\nContent-Disposition: form-data; name="f"; filename="%s"\r\n\r\n1\r\n--b--'
            self.assertEqual(parse_form(TYPE, head % written)[1], {"f": Upload(name, b"1")})

    def test_values(self) -> None:
        """Of two parts with one name the first counts, and a boundary inside a line ends nothing."""
        part = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n%s\r\n'
        self.assertEqual(parse_form(TYPE, part % b"x --b y" + part % b"2" + b"--b--")[0], {"a": "x --b y"})

    def test_limits(self) -> None:
        """On the headers of a part: their number, their size, and that none goes on in a further line."""
        part = b'--b\r\nContent-Disposition: form-data; name="a"\r\n%s\r\n1\r\n--b--'
        self.assertEqual(parse_form(TYPE, part % (b"X: 1\r\n" * (MAX_PART_HEADERS - 1)))[0], {"a": "1"})
        for headers in (b"X: 1\r\n" * MAX_PART_HEADERS, b"X: " + b"1" * MAX_PART_HEADER + b"\r\n", b"X: 1\r\n 2\r\n"):
            self.assertRaises(BadParameter, parse_form, TYPE, part % headers)

    def test_time_grows_with_the_size(self) -> None:
        """And not with its square, whatever the body is made of."""
        head = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n'
        shapes = (
            head + b"%s", head + b"%s\r\n--b--", b"%s", head[:-2] + b"%s\r\n\r\n1\r\n--b--", b"--b%s" + head,
            b"--b\r\n%s",
        )  # fmt: skip
        units = (
            b"\r\n",
            b"\r\n--",
            b"\r\n--b",
            b"\r\n--b \t",
            b" ",
            b"--b",
            b'"',
            b"a: b\r\n",
            b"a: b\r\n c\r\n",
            b'; a="\\',
        )
        for shape in shapes:
            for unit in units:
                small, large = (
                    self.seconds(shape.replace(b"%s", unit * (size // len(unit)))) for size in (20_000, 640_000)
                )
                self.assertLess(large, 32 * 8 * max(small, 0.0005), (shape, unit))

    def seconds(self, body: bytes) -> float:
        """CPU-seconds that it takes to read or refuse a body: the least of some tries."""
        best = 1e9
        for _ in range(3):
            start = time.process_time()
            try:
                parse_form(TYPE, body)
            except BadParameter:
                pass
            best = min(best, time.process_time() - start)
        return best
