"""File patterns of a declaration: which paths below a source's folder they match."""

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class FilePattern:
    """One alternative of a glob, split into the parts of a path.

    Args:
        parts: One expression per folder, and the last one for the file.
    """

    parts: tuple[re.Pattern[str], ...]

    def is_end_of(self, path: str) -> bool:
        """Whether the last parts of a path match, whatever folder they lie in."""
        names = path.split("/")[-len(self.parts) :]
        return len(names) == len(self.parts) and all(
            part.fullmatch(name) for part, name in zip(self.parts, names, strict=True)
        )


@lru_cache
def file_patterns(glob: str) -> tuple[FilePattern, ...]:
    """Parse a glob as Hadoop reads it.

    ``*`` matches any characters, ``?`` one character, ``[ab]``, ``[a-c]`` and ``[!a]`` one
    character of a set, ``{x,y}`` either text, and a backslash makes the next character literal.
    None of them matches a slash.

    Raises:
        ValueError: The glob is empty, incomplete, or leads out of the source's folder.
    """
    if not glob or _UNPRINTABLE.search(glob):
        raise ValueError(f"files: {glob!r} is empty or holds a control character")
    return tuple(_parsed(path, glob) for path in _alternatives(glob))


def common_path(glob: str, other: str) -> str | None:
    """A path that both globs match; None if there is none."""
    found = (_common(*pair) for pair in product(_alternatives(glob), _alternatives(other)))
    return next((path for path in found if path is not None), None)


def _common(path: str, other: str) -> str | None:
    parts, others = path.split("/"), other.split("/")
    if len(parts) != len(others):
        return None
    names = [_common_name(*pair) for pair in zip(parts, others, strict=True)]
    return None if None in names else "/".join(str(name) for name in names)


def _common_name(part: str, other: str) -> str | None:
    """Walk through both parts side by side, breadth first; a star may take any letters."""
    pieces, others = _pieces(part), _pieces(other)
    letters = _letters(part + other)
    waiting, seen = [(0, 0, "")], {(0, 0)}
    for here, there, name in waiting:
        if (here, there) == (len(pieces), len(others)):
            return name
        one, two = pieces[here : here + 1], others[there : there + 1]
        steps = [(1, 0, "")] * (one == ["*"]) + [(0, 1, "")] * (two == ["*"])
        if one and two and one + two != ["*", "*"]:
            both = (re.compile(_expression(piece)) for piece in (*one, *two))
            first, second = both
            taken = (c for c in letters if first.fullmatch(c) and second.fullmatch(c))
            steps += [(one != ["*"], two != ["*"], c) for c in [*taken][:1]]
        for ahead, beyond, letter in steps:
            step = (here + ahead, there + beyond)
            if step not in seen:
                seen.add(step)
                waiting.append((*step, name + letter))
    return None


def _letters(text: str) -> list[str]:
    """Letters among which every two sets of a pattern that have one in common have one.

    Sets begin and end at letters that the pattern names, or, negated, beside them.
    """
    named = {chr(ord(letter) + step) for letter in text for step in (-1, 0, 1) if ord(letter) > 32}
    fresh = next(letter for letter in map(chr, range(ord("a"), 0x3000)) if letter not in named)
    return [fresh, *sorted(named - {"/", "\x7f"})]


def _parsed(path: str, glob: str) -> FilePattern:
    parts = path.split("/")
    if ":" in path or any(_literal(part) in ("", ".", "..") for part in parts):
        raise ValueError(
            f"files: {glob!r} must be a path below the source's folder: relative, and without"
            " `.`, `..`, `//` or `:`"
        )
    try:
        return FilePattern(tuple(re.compile(_expression(part), re.DOTALL) for part in parts))
    except re.error as error:
        raise ValueError(f"files: {glob!r} has a set that is not one: {error}") from error


def _literal(part: str) -> str:
    """The part without its escapes, to recognise ``..`` however it is written."""
    return re.sub(r"\\(.)|\[(.)\]", lambda match: match[1] or match[2], part)


def _alternatives(glob: str) -> list[str]:
    """``a{b,c{d,e}}`` as ``ab``, ``acd`` and ``ace``."""
    start = _position(glob, "{")
    if start is None:
        if _position(glob, "}") is not None:
            raise ValueError(f"files: {glob!r} closes a brace that it does not open")
        return [glob]
    choices, end = _choices(glob, start)
    tails = _alternatives(glob[end:])
    return [
        f"{glob[:start]}{inner}{tail}"
        for choice in choices
        for inner in _alternatives(choice)
        for tail in tails
    ]


def _position(glob: str, wanted: str) -> int | None:
    """Where a character stands that is neither escaped nor in a set."""
    position = 0
    while position < len(glob):
        if glob[position] == wanted:
            return position
        position = _next(glob, position)
    return None


def _next(glob: str, position: int) -> int:
    """The position after a character, an escape or a set."""
    if glob[position] == "\\":
        if position + 1 == len(glob):
            raise ValueError(f"files: {glob!r} ends with a backslash")
        return position + 2
    if glob[position] == "[":
        return _end_of_set(glob, position)
    return position + 1


def _end_of_set(glob: str, start: int) -> int:
    """The position after a set's closing bracket; a bracket that comes first is a member."""
    position = start + 1 + (glob[start + 1 : start + 2] in ("!", "^"))
    end = glob.find("]", position + 1)
    if end < 0 or "/" in glob[start:end]:
        raise ValueError(f"files: {glob!r} opens a bracket that it does not close")
    return end + 1


def _choices(glob: str, start: int) -> tuple[list[str], int]:
    """The texts between a brace's commas, and the position after it."""
    choices, depth, begin, position = [], 0, start + 1, start + 1
    while position < len(glob):
        letter = glob[position]
        if letter == "{":
            depth += 1
        elif letter in ",}" and depth == 0:
            choices.append(glob[begin:position])
            begin = position + 1
            if letter == "}":
                return choices, begin
        elif letter == "}":
            depth -= 1
        position = _next(glob, position)
    raise ValueError(f"files: {glob!r} opens a brace that it does not close")


def _pieces(part: str) -> list[str]:
    """The characters, escapes and sets that a part of a path is made of."""
    pieces, position = [], 0
    while position < len(part):
        end = _next(part, position)
        pieces.append(part[position:end])
        position = end
    return pieces


def _expression(part: str) -> str:
    """A part of a path as a regular expression."""
    return "".join(map(_piece, _pieces(part)))


def _piece(piece: str) -> str:
    if piece[0] == "[":
        return _set(piece[1:-1])
    if piece[0] == "\\":
        return re.escape(piece[1])
    return {"*": ".*", "?": "."}.get(piece, re.escape(piece))


def _set(members: str) -> str:
    negated = members[0] in "!^" and len(members) > 1
    plain = members[1:] if negated else members
    # A range keeps its hyphen; everything else stands for itself.
    escaped = "".join(letter if letter == "-" else re.escape(letter) for letter in plain)
    return f"[{'^' if negated else ''}{escaped}]"
