"""How a page comes to be: from its template, and whole or not at all."""

import os
import tempfile
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, select_autoescape

from insight.pages.wording import contender_title, metric_title


def open_templates(package: str) -> Environment:
    """The templates of a package, and what all pages share: style, numbers, words.

    Args:
        package: Whose folder holds them; ``.html.j2`` is escaped, text is not.
    """
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package, "."), PackageLoader("insight.pages", ".")]),
        autoescape=select_autoescape(enabled_extensions=("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(count=_count, contender=contender_title, metric=metric_title)
    return environment


def card_address(version: str) -> str:
    """Where a model version's card lies below the report's folder."""
    return f"models/{version}/card.html"


def replace_page(path: Path, text: str) -> None:
    """Write a file whole or not at all; readers see the old one until then."""
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, prefix=".", suffix=path.suffix, delete=False, encoding="utf-8"
    ) as file:
        temporary = Path(file.name)
        try:
            file.write(text)
            # On a full disk the write may fail only when it leaves the buffer.
            file.flush()
            # A temporary file is for its owner only; the page is for everybody.
            temporary.chmod(0o644)
            os.replace(temporary, path)  # noqa: PTH105 - the atomic rename is the point
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def _count(number: float) -> str:
    return f"{number:,.0f}"
