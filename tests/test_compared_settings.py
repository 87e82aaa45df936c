"""Settings that only make sense together are refused together."""

from typing import Any

import pytest
from pydantic import create_model, model_validator

from insight.errors import SettingsError
from insight.settings import Settings, load_settings, loading
from insight.settings.strict import Strict


def test_item_vectors_to_learn_from_need_something_that_makes_them() -> None:
    asked = {"training.item_vectors": "frozen"}
    with pytest.raises(SettingsError, match=r"setting training .*text.encoder"):
        load_settings("local", overrides=asked)
    for maker in ({"text.encoder": "minilm"}, {"clean.image_vector_length": 8}):
        load_settings("local", overrides=asked | maker)


@pytest.mark.parametrize(
    ("overrides", "refused"),
    [
        ({"training.item_vectors": "frozen"}, r"setting training .*text\.encoder"),
        ({"tuning.space": {"colour": {"choices": [1]}}}, "setting tuning .*colour"),
    ],
)
def test_sections_are_compared_in_whichever_order_they_are_declared(
    monkeypatch: pytest.MonkeyPatch,
    overrides: dict[str, object],
    refused: str,
) -> None:
    turned: Any = {
        name: (field.annotation, field) for name, field in reversed(Settings.model_fields.items())
    }
    compared = model_validator(mode="after")(Settings._fit_together)
    model = create_model("Turned", __base__=Strict, __validators__={"all": compared}, **turned)
    monkeypatch.setattr(loading, "Settings", model)
    with pytest.raises(SettingsError, match=refused):
        load_settings("local", overrides=overrides)
