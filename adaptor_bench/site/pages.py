"""Templates to pages that load nothing: styles and scripts stand in the page, named by hash."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import adaptor_bench
from adaptor_bench.report.markup import Markup, templates

_HERE = Path(__file__).resolve().parent


def page(template: str, here: str, content: Mapping[str, Any]) -> str:
    """The page of file name ``here``: ``content`` is what its template reads; the static files of
    the template's name stand in it beside those that every page has.

    Its content security policy allows exactly these, pictures beside the page, and no request to
    anywhere else.
    """
    own = Path(template).stem
    scripts = [text for name in ("site.js", f"{own}.js") if (text := _static(name))]
    style = Markup("").join(_static(name) for name in ("site.css", f"{own}.css"))
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src {' '.join(_hash(text) for text in scripts)}",
            f"style-src {_hash(style)}",
            "img-src 'self' file: data:",  # 'self' means nothing to a page opened as a file
            "base-uri 'none'",
            "form-action 'self'",
        )
    )
    return (
        templates(_HERE / "templates")
        .get_template(template)
        .render(
            **content,
            here=here,
            policy=policy,
            styles=style,
            scripts=scripts,
            version=adaptor_bench.__version__,
        )
    )


def _static(name: str) -> Markup:
    file = _HERE / "static" / name
    return Markup(file.read_text("utf-8") if file.is_file() else "")


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
