"""What a command shows: tables for people, JSON and YAML for programs."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

import click

FORMATS = ("table", "json", "yaml")


def write(text: str) -> None:
    """Text as it is, without a line end of ours."""
    click.echo(text, nl=False)


def emit(form: str, value: Any, columns: Sequence[str] = ()) -> None:
    """
    Show a value.

    @param form: C{table}, C{json}, C{yaml}.
    @param value: a list of mappings (rows), or one mapping.
    @param columns: of the table, in order; all that the first row has by default.
    """
    if form == "json":
        click.echo(json.dumps(value, ensure_ascii=False, indent=2))
    elif form == "yaml":
        import yaml

        write(yaml.safe_dump(value, allow_unicode=True, sort_keys=False))
    elif isinstance(value, Mapping):
        _table([{"name": name, "value": each} for name, each in value.items()], ("name", "value"), head=False)
    else:
        rows = list(value)
        _table(rows, columns or tuple(rows[0]) if rows else columns)


def _table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], head: bool = True) -> None:
    cells = [[cell(row.get(name)) for name in columns] for row in rows]
    if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        _rich(cells, columns, head)
        return
    lines = [[name.upper() for name in columns], *cells] if head else cells
    widths = [max((len(line[at]) for line in lines), default=0) for at in range(len(columns))]
    for line in lines:
        click.echo("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def _rich(cells: Iterable[Sequence[str]], columns: Sequence[str], head: bool) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, show_header=head, pad_edge=False)
    for name in columns:
        table.add_column(name.upper(), overflow="fold")
    for line in cells:
        table.add_row(*map(Text, line))
    Console().print(table)


def cell(value: Any) -> str:
    """A value in a table: on one line."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False) if value else ""
    return " ".join(str(value).split())


def moment(millis: Any) -> str:
    """A time of the server, in UTC; "" for none. What Nacos of 1.x writes as a text is kept."""
    if not millis:
        return ""
    if isinstance(millis, (int, float)):
        return datetime.fromtimestamp(millis / 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(millis)
