"""Renders a report as one HTML file, with its pictures inside, and as Markdown, with its pictures beside it.

Every text passes through `escape` or `escaped`. A template engine would do no more, and Markdown needs its own escaping.
"""

import base64
import re
from collections.abc import Iterable, Sequence
from html import escape

from attrai_batch.report.contents import Cells, ReportPicture, Section

CONTENT_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""The page runs no script and loads nothing."""
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1b; background: #fff; }
table { border-collapse: collapse; } td, th { padding: .25rem .9rem .25rem 0; text-align: left; vertical-align: top;
border-bottom: 1px solid #ddd; overflow-wrap: anywhere; } img { max-width: 100%; height: auto; }
@media (prefers-color-scheme: dark) { body { color: #e8e8e8; background: #16181b; }
td, th { border-color: #3a3d42; } img { background: #fff; } }
"""
MARKDOWN_SPECIAL = re.compile(r"([\\`*\[\]<>|&~#@]|(?<!\w)_|_(?!\w)|:(?=//)|(?<=www)\.)")
"""What Markdown interprets inside a line. An underscore inside a word is not."""


def as_html(title: str, sections: Iterable[Section]) -> str:
    """The whole page."""
    body = "\n".join(map(_html_section, sections))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{CONTENT_POLICY}">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n<h1>{escape(title)}</h1>\n{body}\n</main>\n</body>\n</html>\n"
    )


def as_markdown(title: str, sections: Iterable[Section]) -> str:
    """The whole file."""
    lines = [line for section in sections for line in _markdown_section(section)]
    return "\n".join([f"# {escaped(title)}", "", *lines])


def escaped(text: str) -> str:
    """Text that Markdown shows as it is."""
    return MARKDOWN_SPECIAL.sub(r"\\\1", text)


def _html_section(section: Section) -> str:
    parts = [f"<h2>{escape(section.title)}</h2>", *(f"<p>{escape(sentence)}</p>" for sentence in section.sentences)]
    if section.rows:
        parts.append(_html_table(section.rows))
    if section.picture is not None:
        parts.append(_html_image(section.picture))
    return "<section>\n" + "\n".join(parts) + "\n</section>"


def _html_table(rows: Sequence[Cells]) -> str:
    head, *body = rows
    first = _html_row(head, "th") if any(head) else ""
    return "\n".join(["<table>", first, *(_html_row(row, "td") for row in body), "</table>"])


def _html_row(cells: Cells, tag: str) -> str:
    return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"


def _html_image(picture: ReportPicture) -> str:
    data = base64.b64encode(picture.png).decode()
    return f'<p><img alt="{escape(picture.alt)}" src="data:image/png;base64,{data}"></p>'


def _markdown_section(section: Section) -> list[str]:
    lines = [f"## {section.title}", ""]
    for sentence in section.sentences:
        lines += [escaped(sentence), ""]
    if section.rows:
        lines += [*_markdown_table(section.rows), ""]
    if section.picture is not None:
        lines += [f"![{escaped(section.picture.alt)}]({section.picture.name})", ""]
    return lines


def _markdown_table(rows: Sequence[Cells]) -> list[str]:
    head, *body = (f"| {' | '.join(map(escaped, row))} |" for row in rows)
    return [head, "|" + "---|" * len(rows[0]), *body]
