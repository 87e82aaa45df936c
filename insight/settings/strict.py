"""What every part of the settings is: complete, unchangeable, and no name that nobody reads."""

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """A part of the settings."""

    model_config = ConfigDict(extra="forbid", frozen=True)
