"""Settings: conf/base.yml, then one profile over it, then INSIGHT_SET_* from the environment.

A name that nobody reads is a mistake, not a wish: unknown settings are refused, with the
nearest known name.
"""

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from insight.errors import SettingsError
from insight.settings.schema import Settings

CONF = Path(os.environ.get("INSIGHT_CONF") or Path(__file__).resolve().parents[2] / "conf")
"""The settings' folder: that of the checkout, wherever the caller stands, or INSIGHT_CONF."""

ENVIRONMENT_PREFIX = "INSIGHT_SET_"
"""``INSIGHT_SET_TRAINING__RANKS=1`` sets ``training.ranks``."""


def load_settings(
    profile: str = "local",
    *,
    conf: Path = CONF,
    overrides: Mapping[str, Any] | None = None,
) -> Settings:
    """Read ``conf/base.yml``, ``conf/<profile>.yml``, the environment and ``overrides``, in order.

    Args:
        profile: Name of the file over base.yml.
        conf: The folder that holds the files.
        overrides: Dotted names to values, strongest of all.

    Raises:
        SettingsError: A file is missing, a name is unknown or a value is out of bounds.
    """
    values: dict[str, Any] = {"profile": profile}
    for name in ("base", profile):
        values = _merged(values, _read_yaml(conf, name))
    for name, value in _from_environment():
        values = _merged(values, _nested(name, value))
    for name, value in (overrides or {}).items():
        values = _merged(values, _nested(name, value))
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise _settings_error(error, values, profile) from error


def _read_yaml(conf: Path, name: str) -> dict[str, Any]:
    known = sorted(found.stem for found in conf.glob("*.yml"))
    path = conf / f"{name}.yml"
    # Only a listed name is opened: `../` in a profile leads nowhere.
    if name not in known:
        raise SettingsError(
            f"settings file {path}",
            found="no such file",
            expected="a YAML file of settings",
            next_step=f"choose one of {known}",
        )
    content = read_yaml(path, f"settings file {path}")
    if not isinstance(content, dict | None):
        raise SettingsError(
            f"settings file {path}",
            found=f"a {type(content).__name__}",
            expected="a mapping of settings to values",
            next_step="mend the file",
        )
    return content or {}


def read_yaml(path: Path, subject: str) -> Any:
    """Read a YAML file in UTF-8.

    Raises:
        SettingsError: About the subject, if the file cannot be read, is not UTF-8 or not YAML.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SettingsError(
            subject,
            found=f"a byte that is not UTF-8 at position {error.start}",
            expected="YAML in UTF-8",
            next_step="save the file as UTF-8",
        ) from error
    except OSError as error:
        raise SettingsError(
            subject,
            found=f"a file that cannot be read ({error.strerror})",
            expected="a YAML file in UTF-8",
            next_step="correct the file or its permissions",
        ) from error
    return parsed_yaml(text, subject)


def parsed_yaml(text: str, subject: str) -> Any:
    """Parse a YAML text.

    Args:
        text: The text.
        subject: Where it stands, for the message.

    Raises:
        SettingsError: About the subject, if the text is not YAML or holds an impossible value,
            such as the date 2024-02-30.
    """
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        # PyYAML constructs dates and numbers itself: 2024-02-30 ends in Python's ValueError.
        raise SettingsError(
            subject,
            found=f"unreadable YAML ({error})",
            expected="a YAML value",
            next_step="mend it",
        ) from error


def _from_environment() -> list[tuple[str, Any]]:
    return [
        (
            key.removeprefix(ENVIRONMENT_PREFIX).lower().replace("__", "."),
            parsed_yaml(os.environ[key], f"environment variable {key}"),
        )
        for key in sorted(os.environ)
        if key.startswith(ENVIRONMENT_PREFIX)
    ]


def _nested(name: str, value: Any) -> dict[str, Any]:
    for part in reversed(name.split(".")):
        value = {part: value}
    return dict(value)


def _merged(low: Mapping[str, Any], high: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(low)
    for key, value in high.items():
        below = merged.get(key)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        merged[key] = _merged(below, value) if both else value  # type: ignore[arg-type]
    return merged


def _settings_error(
    error: ValidationError, values: Mapping[str, Any], profile: str
) -> SettingsError:
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"])
    known = _known_names(Settings, first["loc"][:-1])
    if first["type"] != "extra_forbidden" or not known:
        return SettingsError(
            f"setting {name} (profile {profile})",
            found=repr(first.get("input")),
            expected=first["msg"].lower(),
            next_step="correct it in conf/ or in the environment",
        )
    near = difflib.get_close_matches(str(first["loc"][-1]), known, n=1)
    hint = f"write {near[0]!r} instead" if near else "remove it"
    return SettingsError(
        f"setting {name} (profile {profile})",
        found="a name that nobody reads",
        expected=f"one of {', '.join(known)}",
        next_step=hint,
    )


def _known_names(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """None where the place has names of its own choice, as a search space has."""
    for part in location:
        inner = model.model_fields[str(part)].annotation
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return []
        model = inner
    return sorted(model.model_fields)
