"""Templates to pages that load nothing: styles and scripts stand in the page, named by hash."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import adaptor_bench
from adaptor_bench.report.markup import Markup, templates

__all__ = ["Pages"]

_HERE = Path(__file__).resolve().parent


class Pages:
    """Renders the templates of one site."""

    def __init__(self, title: str, run_count: int, *, gallery: bool, ranking: bool) -> None:
        self._templates = templates(_HERE / "templates")
        self._shared = {
            "title": title,
            "run_count": run_count,
            "has_gallery": gallery,
            "has_ranking": ranking,
            "version": adaptor_bench.__version__,
        }

    def render(
        self,
        template: str,
        here: str,
        content: Mapping[str, Any],
        *,
        scripts: Sequence[str] = (),
        styles: Sequence[str] = (),
    ) -> str:
        """The page of file name ``here``: ``content`` is what its template reads, ``scripts`` and
        ``styles`` are static files beside those that every page has.

        Its content security policy allows exactly these, pictures beside the page, and no request
        to anywhere else.
        """
        code = [_static(name) for name in ("site.js", *scripts)]
        style = Markup("".join(_static(name) for name in ("site.css", *styles)))
        policy = "; ".join(
            (
                "default-src 'none'",
                f"script-src {' '.join(_hash(text) for text in code)}",
                f"style-src {_hash(style)}",
                "img-src 'self' file: data:",  # 'self' means nothing to a page opened as a file
                "base-uri 'none'",
                "form-action 'self'",
            )
        )
        return self._templates.get_template(template).render(
            **self._shared,
            **content,
            here=here,
            policy=policy,
            styles=style,
            scripts=code,
        )


def _static(name: str) -> Markup:
    return Markup((_HERE / "static" / name).read_text("utf-8"))


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
