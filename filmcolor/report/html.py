"""What every page of ours has: one self-contained HTML file, its style inside, that may load nothing."""

from collections.abc import Sequence
from html import escape
from importlib import resources

# A page may load nothing; its own style and script are allowed, and pictures inside it.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"


def whole_page(title: str, lead: str, body: str, *, styles: Sequence[str] = (), script: str = "") -> str:
    """Return a page. title, lead: text; body: HTML. styles, script: files shipped with the pages, beside page.css."""
    style = "".join(_shipped(name) for name in ("page.css", *styles))
    code = f"<script>{_shipped(script)}</script>" if script else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}"><meta name="color-scheme" content="light dark">'
        f'<link rel="icon" href="data:,"><title>{escape(title)}</title><style>{style}</style></head>'
        f'<body><header><p class="mark">filmcolor</p><h1>{escape(title)}</h1>'
        f"<p>{escape(lead)}</p></header><main>{body}</main>{code}</body></html>\n"
    )


def section(title: str, body: str, intro: str = "") -> str:
    """Return a titled section, nothing without a body. title, intro: text; body: HTML."""
    words = f"<p class='intro'>{escape(intro)}</p>" if intro else ""
    return f"<section><h2>{escape(title)}</h2>{words}{body}</section>" if body else ""


def _shipped(name: str) -> str:
    return resources.files("filmcolor.report").joinpath(name).read_text(encoding="utf-8")
