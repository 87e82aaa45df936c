"""Mistakes in a declaration: what is wrong, and the line of the YAML file where it stands."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from insight.errors import SettingsError
from insight.settings import read_yaml

_SHOWN = 200


class Misdeclared(ValueError):
    """A mistake that a validator finds.

    Args:
        found: The mistake.
        place: Keys and positions below the validated value, as far as they are known.
    """

    def __init__(self, found: str, *place: str | int) -> None:
        super().__init__(found)
        self.place = place


def declared_content(path: Path) -> Any:
    """Read a declaration.

    Raises:
        SettingsError: It cannot be read, is no YAML, or names something twice.
    """
    subject = f"source declaration {path}"
    content = read_yaml(path, subject)
    tree = _tree(path)
    if (inside := _holding_itself(tree, ())) is not None:
        raise SettingsError(
            f"{subject}, line {_line(inside)}",
            found="an alias of what it stands in",
            expected="aliases of what stands before them",
            next_step="write it out instead",
        )
    twice = next(_twice(tree), None)
    if twice is not None:
        raise SettingsError(
            f"{subject}, line {_line(twice)}",
            found=f"{twice.value} twice; YAML silently takes the last one",
            expected="every name once",
            next_step="remove or rename one",
        )
    return content


def declaration_error(path: Path, error: ValidationError) -> SettingsError:
    """The first mistake of a declaration, with its line."""
    first = error.errors()[0]
    cause = first.get("ctx", {}).get("error")
    place = (*first["loc"], *(cause.place if isinstance(cause, Misdeclared) else ()))
    where = f"line {line_of(path, place)}, {'.'.join(map(str, place))}"
    message = first["msg"].removeprefix("Value error, ")
    found, expected = repr(first.get("input"))[:_SHOWN], message[:1].lower() + message[1:]
    if isinstance(cause, Misdeclared):
        found, expected = message, "a declaration as docs/sources.md describes it"
    return SettingsError(
        f"source declaration {path}, {where}",
        found=found,
        expected=expected,
        next_step="correct it; insight/sources/declaration.py says what each field means",
    )


def line_of(path: Path, place: tuple[str | int, ...]) -> int:
    """Line of the innermost part of a place that the file holds."""
    node, line = _tree(path), 1
    for part in place:
        below = _below(node, part)
        if below is None:
            break
        key, node = below
        line = _line(key)
    return line


def _below(node: yaml.Node | None, part: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    """A value in a node, with the node of its key."""
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part], node.value[part]
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == str(part)), None)
    return None


def _twice(node: yaml.Node | None) -> Iterator[yaml.Node]:
    """Keys that a mapping holds twice."""
    if isinstance(node, yaml.MappingNode):
        seen: set[tuple[str, str]] = set()
        for key, value in node.value:
            name = (key.tag, str(key.value))
            if name in seen:
                yield key
            seen.add(name)
            yield from _twice(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _twice(value)


def _holding_itself(node: yaml.Node | None, above: tuple[yaml.Node, ...]) -> yaml.Node | None:
    """A node that an alias inside of it names."""
    if node is None or isinstance(node, yaml.ScalarNode):
        return None
    if any(node is outer for outer in above):
        return node
    below = [part for pair in node.value for part in (pair if isinstance(pair, tuple) else (pair,))]
    inside = (_holding_itself(part, (*above, node)) for part in below)
    return next((part for part in inside if part is not None), None)


def _tree(path: Path) -> yaml.Node | None:
    return yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
