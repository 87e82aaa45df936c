"""Options of a text file's readers: a closed set, read once, the same for inspection and Spark."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from insight.sources.encodings import UTF_8, WIDE, encoding_named
from insight.sources.misdeclared import Misdeclared

Format = Literal["csv", "json", "parquet"]

_ALIASES = {"delimiter": "sep", "charset": "encoding"}
"""Spark's second names."""

_BY_FORMAT: dict[str, tuple[str, ...]] = {
    "csv": (
        "header",
        "sep",
        "quote",
        "escape",
        "multiLine",
        "encoding",
        "allowBackslashEscapingAnyCharacter",
    ),
    "json": ("encoding",),
    "parquet": (),
}

_OF_THE_READER = ("mode", "columnnameofcorruptrecord", "badrecordspath")
"""Spark's own ways with a broken row: it drops the row, or ends the query and quotes it."""

_TAB = re.compile(r"\\t")


class ReaderOptions(BaseModel):
    r"""How a text file is written. Names are Spark's, in any case; values are typed.

    Args:
        header: Whether a CSV file's first line names its columns; else they stand as declared.
        sep: Between a CSV line's values: one character; ``\t`` is a tab.
        quote: Around a CSV value; empty for none.
        escape: Before a quote within a quoted CSV value; empty for none.
        multi_line: Whether a CSV value may hold line breaks.
        encoding: Of the text, by the name that Java and IANA give it.
        any_backslash_escape: Whether JSON within a CSV value may escape any character.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    header: bool = False
    sep: str = ","
    quote: str = '"'
    escape: str = "\\"
    multi_line: bool = Field(False, alias="multiLine")
    encoding: str = UTF_8
    any_backslash_escape: bool = Field(False, alias="allowBackslashEscapingAnyCharacter")

    _NAMES: ClassVar[dict[str, str]] = {name.lower(): name for name in _BY_FORMAT["csv"]}

    @model_validator(mode="before")
    @classmethod
    def _is_named_once(cls, given: Any) -> Any:
        """Give every option its one name, whatever its case."""
        if not isinstance(given, Mapping):
            return given
        named: dict[str, Any] = {}
        for written, value in given.items():
            lower = str(written).lower()
            name = cls._NAMES.get(_ALIASES.get(lower, lower))
            if lower in _OF_THE_READER:
                raise Misdeclared(f"{written} is set by the reader itself", str(written))
            if name is None:
                known = ", ".join(cls._NAMES.values())
                raise Misdeclared(f"no option {written}; there are {known}", str(written))
            if name in named:
                raise Misdeclared(f"the option {name} twice, in two spellings", str(written))
            named[name] = value
        return named

    @field_validator("header", "multi_line", "any_backslash_escape", mode="before")
    @classmethod
    def _is_true_or_false(cls, value: object) -> bool:
        if isinstance(value, str) and value.strip().lower() in ("true", "false"):
            return value.strip().lower() == "true"
        if not isinstance(value, bool):
            raise ValueError("should be true or false")
        return value

    @field_validator("sep", "quote", "escape")
    @classmethod
    def _is_one_character(cls, value: str) -> str:
        text = _TAB.sub("\t", value)
        if len(text) > 1 or text in ("\0", "\r", "\n") or any(ord(c) > 0xFFFF for c in text):
            raise ValueError(
                "should be one character, and no line break; write `\\t` for a tab."
                " Separators of several characters are not supported"
            )
        return text

    @field_validator("encoding")
    @classmethod
    def _is_known_to_both(cls, value: str) -> str:
        return encoding_named(value)

    @model_validator(mode="after")
    def _are_told_apart(self) -> "ReaderOptions":
        if self.sep in ("", "\\"):
            raise Misdeclared("sep should be one character, and no backslash", "sep")
        if self.sep in (self.quote, self.escape):
            raise Misdeclared("sep, quote and escape should be different characters", "sep")
        for name in ("sep", "quote", "escape"):
            try:
                getattr(self, name).encode(self.encoding)
            except UnicodeEncodeError as error:
                raise Misdeclared(f"{name} is no character of {self.encoding}", name) from error
        return self

    def refuse_other_than(self, form: Format) -> None:
        """Raise a Misdeclared if an option is set that files of a format do not have."""
        allowed = _BY_FORMAT[form]
        given = (type(self).model_fields[name].alias or name for name in self.model_fields_set)
        extra = sorted(set(given) - set(allowed))
        if extra:
            has = f"the options {', '.join(allowed)}" if allowed else "no options"
            raise Misdeclared(f"{form} has {has}, not {', '.join(extra)}", extra[0])
        if form == "json" and self.encoding in WIDE:
            raise Misdeclared(
                f"JSON lines in {self.encoding} cannot be read; convert the files to UTF-8",
                "encoding",
            )

    def of_spark(self, form: Format) -> dict[str, str]:
        """The same options for Spark's reader of a text format."""
        if form == "json":
            # Spark finds lines of other encodings only if it is told how they end.
            return {} if self.encoding == UTF_8 else {"encoding": self.encoding, "lineSep": "\n"}
        return {
            "header": str(self.header).lower(),
            "sep": self.sep,
            "quote": self.quote,
            "escape": self.escape,
            # In these encodings a line break is more than the byte that Spark splits at.
            "multiLine": str(self.multi_line or self.encoding in WIDE).lower(),
            "encoding": self.encoding,
        }

    def of_nested_json(self) -> dict[str, str]:
        """Options for JSON within a value."""
        flag = str(self.any_backslash_escape).lower()
        return {"allowBackslashEscapingAnyCharacter": flag}
