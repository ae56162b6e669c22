"""A report as Markdown; its pictures lie beside it."""

import re
from collections.abc import Iterable, Sequence

from attrai_batch.report.contents import Cells, Section

SPECIAL = re.compile(r"([\\`*\[\]<>|&~#@]|(?<!\w)_|_(?!\w)|:(?=//)|(?<=www)\.)")
"""What has a meaning in the middle of a line; an underscore has none inside a word."""


def as_markdown(title: str, sections: Iterable[Section]) -> str:
    """The whole file."""
    return "\n".join([f"# {escaped(title)}", "", *(line for section in sections for line in _lines(section))])


def escaped(text: str) -> str:
    """Text that means nothing to Markdown, whatever a photo is called."""
    return SPECIAL.sub(r"\\\1", text)


def _lines(section: Section) -> list[str]:
    lines = [f"## {section.title}", ""]
    for sentence in section.sentences:
        lines += [escaped(sentence), ""]
    if section.rows:
        lines += [*_table(section.rows), ""]
    if section.picture is not None:
        lines += [f"![{escaped(section.picture.shows)}]({section.picture.name})", ""]
    return lines


def _table(rows: Sequence[Cells]) -> list[str]:
    head, *body = (f"| {' | '.join(map(escaped, row))} |" for row in rows)
    return [head, "|" + "---|" * len(rows[0]), *body]
