"""Typed errors keep their facts wherever they go."""

import pickle

import pytest

from insight import errors
from insight.errors import InsightError, RunConflictError, SettingsError

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, InsightError)
]


def test_a_message_says_what_was_found_what_was_expected_and_what_to_do() -> None:
    error = SettingsError("setting lake", found="''", expected="a folder", next_step="name one")
    assert str(error) == "setting lake: found ''; expected a folder. Next: name one."


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_error_crosses_a_process_border_with_its_facts(kind: type[InsightError]) -> None:
    error = kind("table t", found="a", expected="b", next_step="c")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert (again.subject, again.found, again.expected, again.next_step) == (
        "table t",
        "a",
        "b",
        "c",
    )
    assert again.exit_code == error.exit_code


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_error_says_whether_a_retry_can_help(kind: type[InsightError]) -> None:
    assert kind.exit_code in (errors.DO_NOT_RETRY, errors.MAY_BE_RETRIED)


def test_bad_settings_are_not_retried_and_conflicts_may_be() -> None:
    assert SettingsError.exit_code == 2
    assert RunConflictError.exit_code == 1
