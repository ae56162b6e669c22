"""A report as one HTML file: no script, nothing fetched, every text escaped."""

import base64
from collections.abc import Iterable, Sequence
from html import escape

from attrai_batch.report.contents import Cells, ReportPicture, Section

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1b; background: #fff; }
table { border-collapse: collapse; } td, th { padding: .25rem .9rem .25rem 0; text-align: left; vertical-align: top;
border-bottom: 1px solid #ddd; overflow-wrap: anywhere; } img { max-width: 100%; height: auto; }
@media (prefers-color-scheme: dark) { body { color: #e8e8e8; background: #16181b; }
td, th { border-color: #3a3d42; } img { background: #fff; } }
"""


def as_html(title: str, sections: Iterable[Section]) -> str:
    """The whole page."""
    body = "\n".join(map(_section, sections))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n<h1>{escape(title)}</h1>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _section(section: Section) -> str:
    parts = [f"<h2>{escape(section.title)}</h2>", *(f"<p>{escape(sentence)}</p>" for sentence in section.sentences)]
    if section.rows:
        parts.append(_table(section.rows))
    if section.picture is not None:
        parts.append(_image(section.picture))
    return "<section>\n" + "\n".join(parts) + "\n</section>"


def _table(rows: Sequence[Cells]) -> str:
    head, *body = rows
    lines = [_row(row, "td") for row in body]
    first = _row(head, "th") if any(head) else ""
    return "\n".join(["<table>", first, *lines, "</table>"])


def _row(cells: Cells, kind: str) -> str:
    return "<tr>" + "".join(f"<{kind}>{escape(cell)}</{kind}>" for cell in cells) + "</tr>"


def _image(picture: ReportPicture) -> str:
    data = base64.b64encode(picture.png).decode()
    return f'<p><img alt="{escape(picture.shows)}" src="data:image/png;base64,{data}"></p>'
