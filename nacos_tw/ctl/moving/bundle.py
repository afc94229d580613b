"""
An export: a folder with C{configs-<namespace>.zip}, each an archive as the console's, which it can import, too, and
C{nacos.json}, one document with all the rest.

A run that was cut off is taken up again: namespaces whose archives are there and noted in C{nacos.json} are not read
again.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import attrs

from nacos_tw.ctl.failures import Failure
from nacos_tw.ctl.moving.things import Accounts, Config, Namespace, Service, Source, wanted

DOCUMENT = "nacos.json"
FORMAT = 1
META = ".metadata.yml"


def archive_name(namespace: str) -> str:
    """The file of a namespace's configs."""
    return f"configs-{namespace}.zip"


class BundleSource:
    """An export as a source."""

    def __init__(self, folder: str, ids: tuple[str, ...] = ()) -> None:
        """@raise Failure: there is none, or it cannot be read."""
        self.folder = folder
        self.missing: list[str] = []
        self._ids = ids
        self._said = read_document(folder)
        if self._said.get("format") != FORMAT:
            raise Failure(f"{folder}: no export of this tool (no {DOCUMENT}, or of a newer version)")

    def namespaces(self) -> list[Namespace]:
        """Those in it that are wanted."""
        found = (Namespace(**each["namespace"]) for each in self._said["namespaces"].values())
        return wanted(found, self._ids)

    def configs(self, namespace: str) -> Iterator[Config]:
        """Those of a namespace."""
        more = self._said["namespaces"][namespace]["configs"]
        path = os.path.join(self.folder, archive_name(namespace))
        try:
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    if name == META:
                        continue
                    group, _, data_id = name.partition("/")
                    said = more.get(name, {})
                    yield Config(
                        namespace, group, data_id, archive.read(name).decode("utf-8"), said.get("more", {}),
                        said.get("copies", []), said.get("past", []),
                    )  # fmt: skip
        except (OSError, zipfile.BadZipFile, UnicodeDecodeError) as error:
            raise Failure(f"{path}: {error}") from None

    def services(self, namespace: str) -> Iterator[Service]:
        """Those of a namespace."""
        for each in self._said["namespaces"][namespace]["services"]:
            yield Service(**each)

    def accounts(self) -> Accounts:
        """All of them."""
        return Accounts(**self._said.get("accounts", {}))


def read_document(folder: str) -> dict[str, Any]:
    """What C{nacos.json} says; empty if there is none."""
    path = os.path.join(folder, DOCUMENT)
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise Failure(f"{path}: {error}") from None
    return dict(found)


def export(source: Source, folder: str, tell: Callable[[str], object]) -> dict[str, int]:
    """
    Write an export.

    @param tell: called with each namespace and config that is done.
    @return: how many of what.
    @raise Failure: the disk refuses.
    """
    try:
        os.makedirs(folder, exist_ok=True)
        said = read_document(folder) or {"format": FORMAT, "namespaces": {}}
        for namespace in source.namespaces():
            if namespace.id in said["namespaces"] and os.path.exists(os.path.join(folder, archive_name(namespace.id))):
                tell(f"namespace {namespace.id}: there already")
                continue
            said["namespaces"][namespace.id] = _namespace(source, namespace, folder, tell)
            _write(folder, said)
        said["accounts"] = attrs.asdict(source.accounts())
        _write(folder, said)
    except OSError as error:
        raise Failure(f"{folder}: {error.strerror or error}") from None
    parts = said["namespaces"].values()
    return {
        "namespaces": len(parts),
        "configs": sum(len(each["configs"]) for each in parts),
        "services": sum(len(each["services"]) for each in parts),
        "users": len(said["accounts"]["users"]),
    }


def _namespace(source: Source, namespace: Namespace, folder: str, tell: Callable[[str], object]) -> dict[str, Any]:
    import yaml

    described, more = [], {}
    path = os.path.join(folder, archive_name(namespace.id))
    beside = f"{path}.new"
    with zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED) as archive:
        for config in source.configs(namespace.id):
            name = f"{config.group}/{config.data_id}"
            archive.writestr(name, config.content.encode())
            known = {"group": config.group, "dataId": config.data_id}
            named = {key: config.more[key] for key in ("type", "desc", "appName") if config.more.get(key)}
            described.append({**known, **named})
            more[name] = {"more": config.more, "copies": config.copies, "past": config.past}
            tell(str(config))
        archive.writestr(META, yaml.safe_dump({"metadata": described}, allow_unicode=True, sort_keys=False))
    os.replace(beside, path)
    services = [attrs.asdict(each) for each in source.services(namespace.id)]
    return {"namespace": attrs.asdict(namespace), "configs": more, "services": services}


def _write(folder: str, said: dict[str, Any]) -> None:
    path = os.path.join(folder, DOCUMENT)
    with open(f"{path}.new", "w", encoding="utf-8") as file:
        file.write(json.dumps(said, ensure_ascii=False, indent=1))
    os.replace(f"{path}.new", path)
