"""A source: the feeds of one shop's export, read from its YAML file."""

from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator, model_validator
from pydantic_core.core_schema import ValidationInfo

from insight.errors import SettingsError
from insight.settings import CONF, CurrencyCode
from insight.sources.declaration import Feed
from insight.sources.misdeclared import Misdeclared, declaration_error, declared_content
from insight.sources.overlaps import refuse_two_layouts


class Source(BaseModel):
    """A shop's export, with the currency of those of its feeds that hold money."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    currency: CurrencyCode | None = None
    feeds: tuple[Feed, ...]

    @model_validator(mode="after")
    def _names_each_feed_once(self) -> Self:
        names = [feed.feed for feed in self.feeds]
        for position, name in enumerate(names):
            if name in names[:position]:
                # The log of files that were read knows them by source and feed.
                raise Misdeclared(f"two feeds {name}", "feeds", position, "feed")
        return self

    @model_validator(mode="after")
    def _reads_a_file_in_one_way(self) -> Self:
        refuse_two_layouts(self.feeds)
        return self

    @field_validator("feeds")
    @classmethod
    def _in_the_currency(cls, feeds: tuple[Feed, ...], info: ValidationInfo) -> tuple[Feed, ...]:
        return tuple(feed.in_currency(info.data.get("currency")) for feed in feeds)


def load_source(name: str, *, conf: Path = CONF) -> Source:
    """Read ``conf/sources/<name>.yml``.

    Raises:
        SettingsError: There is no such file, or it declares what is not understood.
    """
    folder = conf / "sources"
    known = sorted(path.stem for path in folder.glob("*.yml"))
    # Only a listed name becomes part of a path: `../` in a setting leads nowhere.
    if name not in known:
        raise SettingsError(
            f"source {name!r}",
            found=f"no {name}.yml in {folder}",
            expected=f"one of {', '.join(known)}",
            next_step="correct `sources` in the settings, or declare the source",
        )
    path = folder / f"{name}.yml"
    content = declared_content(path)
    try:
        source = Source.model_validate(content)
    except ValidationError as error:
        raise declaration_error(path, error) from error
    for position, feed in enumerate(source.feeds):
        feed.declared_at(path, position)
    return source
