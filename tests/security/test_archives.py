"""Break-ins by way of an archive to import: bombs, endless directories, names that lead out of a folder."""

from __future__ import annotations

import bz2
import io
import os
import stat
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator

from tests.security.probing import SecurityCase, peak
from tests.system.config_nodes import CONFIGS, at_once, shared_configs
from tests.system.nodes import Answer, RealNode

BOUNDARY = "xXx-boundary-xXx"
MEBI = 2**20
UNREADABLE = 100004
GROWTH = 250
"""MB that a node may have while it refuses an archive, a large one too. (A body of 50 MB is there several times.)"""
IMPORTED = 450
"""
MB that it may have while it imports one that unpacks to 110 MB: 45 at rest, 64 of contents in the cache, up to 64 of
the log, and one config of 8 MB in several forms, one of which has four bytes for each character.
"""


def deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def local(name: bytes, packed: bytes, method: int, crc: int, size: int) -> bytes:
    """An entry: its head and its packed data."""
    return (
        struct.pack("<4sHHHHHLLLHH", b"PK\3\4", 20, 0, method, 0, 33, crc, len(packed), size, len(name), 0)
        + name
        + packed
    )


def central(name: bytes, packed: int, method: int, crc: int, size: int, offset: int) -> bytes:
    """An entry's line in the directory."""
    return (
        struct.pack(
            "<4sHHHHHHLLLHHHHHLL",
            b"PK\1\2",
            20,
            20,
            0,
            method,
            0,
            33,
            crc,
            packed,
            size,
            len(name),
            0,
            0,
            0,
            0,
            0,
            offset,
        )
        + name
    )


def ended(entries: bytes, directory: bytes, count: int) -> bytes:
    """An archive of these entries with this directory."""
    few = min(count, 0xFFFF)
    return entries + directory + struct.pack("<4sHHHHLLH", b"PK\5\6", 0, 0, few, few, len(directory), len(entries), 0)


def zipped(files: Iterable[tuple[str | zipfile.ZipInfo, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An ordinary archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a name may come twice
        for name, data in files:
            archive.writestr(name, data, method)
    return out.getvalue()


def overlapping(count: int = 200, size: int = MEBI) -> bytes:
    """Many entries that share the same packed bytes (Fifield's bomb, in its simplest form)."""
    data = b"a" * size
    packed = deflated(data)
    crc = zlib.crc32(data)
    name = b"g/d"
    directory = b"".join(central(b"g/%05d" % number, len(packed), 8, crc, size, 0) for number in range(count))
    return ended(local(name, packed, 8, crc, size), directory, count)


def quoted(count: int = 200, size: int = 64 * 1024) -> bytes:
    """Fifield's full form: each entry's data begins with stored blocks that hold the heads of all that follow."""
    data = b"a" * size
    packed = deflated(data)
    blob = local(b"g/%05d" % count, packed, 8, zlib.crc32(data), size)
    entries, text = [(b"g/%05d" % count, len(packed), zlib.crc32(data), size)], data
    kernel = packed
    for number in reversed(range(count)):
        head = blob[: len(blob) - len(kernel)] if number == count - 1 else blob[: 30 + 7]
        kernel = struct.pack("<BHH", 0, len(head), len(head) ^ 0xFFFF) + head + kernel
        text = head + text
        blob = local(b"g/%05d" % number, kernel, 8, zlib.crc32(text), len(text))
        entries.append((b"g/%05d" % number, len(kernel), zlib.crc32(text), len(text)))
    directory, offset = b"", 0
    for name, packed_size, crc, unpacked in reversed(entries):
        directory += central(name, packed_size, 8, crc, unpacked, offset)
        offset += 30 + len(name) + 5
    return ended(blob, directory, count + 1)


def many(count: int) -> bytes:
    """A directory of so many entries, all of which name the same empty one."""
    line = central(b"g/%07d" % 0, 0, 0, 0, 0, 0)
    return ended(local(b"g/%07d" % 0, b"", 0, 0, 0), line * count, count)


def lying(size: int, said: int, method: int = 8) -> bytes:
    """An entry that unpacks to more than both its heads say."""
    data = bytes(size)
    packed = deflated(data) if method == 8 else bz2.compress(data)
    crc = zlib.crc32(data)
    directory = central(b"g/d", len(packed), method, crc, said, 0)
    return ended(local(b"g/d", packed, method, crc, said), directory, 1)


BOMBS: dict[str, Callable[[], bytes]] = {
    "high ratio": lambda: zipped([("g/d", bytes(100 * MEBI))]),
    "high ratio in many entries": lambda: zipped((f"g/{number}", bytes(39 * MEBI)) for number in range(12)),
    "overlapping entries": overlapping,
    "overlapping entries, each whole": quoted,
    "lying sizes": lambda: lying(64 * MEBI, 10),
    "sizes that promise too much": lambda: lying(10, 2**31),
    "sizes of 2**32 - 1": lambda: lying(10, 2**32 - 1),
    "bzip2, which cannot be told to unpack only so much": lambda: lying(256 * MEBI, 10, zipfile.ZIP_BZIP2),
    "bzip2": lambda: zipped([("g/d", b"x")], zipfile.ZIP_BZIP2),
    "lzma": lambda: zipped([("g/d", b"x")], zipfile.ZIP_LZMA),
    "a directory of 200,000 entries": lambda: many(200_000),
    "no archive": lambda: b"PK\3\4" + os.urandom(1000),
    "directory outside the file": lambda: struct.pack("<4sHHHHLLH", b"PK\5\6", 0, 0, 1, 1, 2**31, 2**31, 0),
}


TEXTS = 14
SNAPSHOT, JSON = b'{"command": "doSnapshot"}', {"Content-Type": "application/json"}


def large_texts() -> Iterator[tuple[str, bytes]]:
    """Entries of 8 MB. One character in each makes Python keep all of it with four bytes for each: 32 MB."""
    text = "\U0001f600".encode() + os.urandom(8192).hex().encode() * 512
    return ((f"g/large-{number}", text) for number in range(TEXTS))


class ArchiveCase(SecurityCase):
    """Uploads archives."""

    def upload(self, archive: bytes, node: RealNode | None = None) -> Answer:
        """Import it."""
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="../../x.zip"\r\n\r\n'
        kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        params = {"import": "true", "policy": "OVERWRITE"}
        body = head.encode() + archive + f"\r\n--{BOUNDARY}--\r\n".encode()
        return (node or self.node).request("POST", CONFIGS, params, body, kind, timeout=120)

    def total(self) -> int:
        """How many configs there are."""
        params = {"search": "blur", "dataId": "*", "group": "", "pageNo": 1, "pageSize": 1}
        found: int = self.node.request("GET", CONFIGS, params).json["totalCount"]
        return found


class BombTests(ArchiveCase):
    """Small archives that unpack to very much."""

    def test_zip_bombs(self) -> None:
        """Each is refused as an archive that cannot be read, and changes nothing."""
        before = self.total()
        for name, make in BOMBS.items():
            archive = make()
            with self.served(), peak(self.node.pid) as most:
                answer = self.upload(archive)
            self.assertEqual((answer.status, answer.json["code"]), (200, UNREADABLE), f"{name}: {answer}")
            self.assertLess(most[0], GROWTH, name)
            self.assertEqual(self.total(), before, name)

    def test_nested_bomb(self) -> None:
        """An archive within an archive is no text, and is not looked into."""
        inner = zipped([("g/d", bytes(MEBI))])
        for _ in range(5):
            inner = zipped((f"g/{number}.zip", inner) for number in range(16))
        with self.served(), peak(self.node.pid) as most:
            answer = self.upload(inner)
        self.assertEqual((answer.status, answer.json["code"]), (200, UNREADABLE))
        self.assertLess(most[0], GROWTH)

    def test_metadata_bomb(self) -> None:
        """Metadata of an archive cannot multiply itself by aliases, and takes neither long nor much, whatever it is."""
        laughs = "a: &a [x,x,x,x]\n" + "".join(
            f"{b}: &{b} [*{a},*{a},*{a},*{a}]\n" for a, b in zip("abcdefg", "bcdefgh", strict=True)
        )
        endless = 'metadata:\n- desc: "x\\\n' + "  y\\\n" * 1_000_000 + '  z"\n'  # a text of a million lines
        many = "metadata:\n" + "- dataId: d\n" * 300_000
        nested = "metadata:\n" + "- " * 100_000, "[" * 100_000
        for text in (laughs, "metadata:\n- dataId: &a x\n  group: *a\n", *nested, endless, many):
            with self.served():
                answer = self.upload(zipped([("g/d", b"x"), (".metadata.yml", text.encode())]))
            self.assertEqual((answer.status, answer.json["code"]), (200, 100002), text[:40])

    def test_many_uploads_at_once(self) -> None:
        """Archives are unpacked one after the other: a flood of large ones takes the memory of one."""
        archive = zipped([*large_texts(), ("g/blank", b" ")])
        with self.served(), peak(self.node.pid) as most:
            answers = at_once([lambda: self.upload(archive)] * 6)
        self.assertEqual([answer.status for answer in answers], [400] * 6)  # one content is blank: nothing is imported
        self.assertIn("content is blank", answers[0].text)
        self.assertLess(most[0], GROWTH)

    def test_a_large_import(self) -> None:
        """What an archive unpacks to is never in memory as a whole, nor is the state when a snapshot is taken."""
        node = shared_configs(1, "# for one large import\n").nodes[0]
        with peak(node.pid) as most:
            answer = self.upload(zipped(large_texts()), node)
            snapshot = node.request("POST", "/nacos/v1/core/ops/raft", body=SNAPSHOT, headers=JSON, timeout=60)
        self.assertEqual((answer.status, answer.json["data"]["succCount"]), (200, TEXTS))
        self.assertEqual(snapshot.status, 200, snapshot)
        self.assertLess(most[0], IMPORTED)


class DirectoryTests(ArchiveCase):
    """An archive with a million entries."""

    def test_a_million_entries_are_too_large_a_body(self) -> None:
        """With the shipped limits it does not even arrive."""
        with self.served():
            with self.assertRaises(OSError):  # closed while it is sent
                answer = self.upload(many(1_000_000))
                self.assertEqual(answer.status, 413)
                raise OSError
            self.assertTrue(self.node.ready())

    def test_a_million_entries(self) -> None:
        """Where bodies may be as large as that, it is refused before anything is made of its directory."""
        node = shared_configs(1, "maxContent=100MB\n").nodes[0]
        self.addCleanup(lambda: self.assertTrue(node.ready()))
        archive = many(1_000_000)
        self.assertGreater(len(archive), 50 * MEBI)
        with peak(node.pid) as most:
            answer = self.upload(archive, node)
        self.assertEqual((answer.status, answer.json["code"]), (200, UNREADABLE))
        self.assertLess(most[0], GROWTH)


NAMES = (
    "../../../../../../tmp/nacos-tw-evil", "/tmp/nacos-tw-evil", "..\\..\\nacos-tw-evil", "C:\\nacos-tw-evil",
    "g/../../nacos-tw-evil", "g//tmp/nacos-tw-evil", "../nacos-tw-evil", "g/..", "./nacos-tw-evil", "g/a/b", "g/", "/",
    "//server/share/nacos-tw-evil", "g/\u2025/nacos-tw-evil",
)  # fmt: skip


class EntryNameTests(ArchiveCase):
    """Names of entries that lead out of a folder (zip slip)."""

    def files(self) -> set[str]:
        """All files of the node's home, and whatever a break-in may have made beside it."""
        found = {
            os.path.join(folder, name)
            for folder, _, names in os.walk(os.path.dirname(self.node.home))
            for name in names
        }
        return {name for name in found if "/raft/" not in name and not name.endswith(("-wal", "-shm", ".log"))}

    def test_names_that_leave_the_folder(self) -> None:
        """No file is made of an entry: a name is a group and a dataId or nothing."""
        before = self.files()
        for name in NAMES:
            answer = self.upload(zipped([(name, b"evil")]))
            self.assertIn(answer.status, (200, 400), f"{name}: {answer}")
            for place in ("/tmp/nacos-tw-evil", os.path.join(os.path.dirname(self.node.home), "nacos-tw-evil")):
                self.assertFalse(os.path.exists(place), name)
        self.assertEqual({name for name in self.files() - before if "evil" in name}, set())

    def test_names_with_nul(self) -> None:
        """A name ends nowhere but at its end."""
        data = local(b"g/a\0b", b"x", 0, zlib.crc32(b"x"), 1)
        archive = ended(data, central(b"g/a\0b", 1, 0, zlib.crc32(b"x"), 1, 0), 1)
        answer = self.upload(archive)
        self.assertEqual((answer.status, answer.json["code"]), (200, UNREADABLE))

    def test_symbolic_links(self) -> None:
        """An entry that says it is a link is a text: the name of the file that it would lead to, not what is in it."""
        link = zipfile.ZipInfo("g/link")
        link.create_system = 3
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        self.assertEqual(self.upload(zipped([(link, b"/etc/passwd")])).json["data"]["succCount"], 1)
        found = self.node.request("GET", CONFIGS, {"dataId": "link", "group": "g"})
        self.assertEqual(found.text, "/etc/passwd")

    def test_names_that_disagree(self) -> None:
        """An entry that is called one thing in the directory and another in front of its data is refused."""
        data = local(b"g/evil", b"x", 0, zlib.crc32(b"x"), 1)
        archive = ended(data, central(b"g/good", 1, 0, zlib.crc32(b"x"), 1, 0), 1)
        self.assertEqual(self.upload(archive).json["code"], UNREADABLE)
