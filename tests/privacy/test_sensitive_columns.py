"""The contracts say of every column that may tell of a person how it is kept."""

from insight.sources.declaration import TARGETS
from insight.tables import TABLES


def test_a_column_is_kept_in_one_way_in_every_table() -> None:
    ways: dict[str, set[str]] = {}
    for table in TABLES:
        for column in table.columns:
            ways.setdefault(column.name, set()).add(column.sensitive)
    assert {name: way for name, way in ways.items() if len(way) > 1} == {}


def test_ids_of_people_and_what_they_do_are_pseudonyms_and_their_words_masked() -> None:
    sensitive = {
        (column.name, column.sensitive)
        for table in TARGETS.values()
        for column in table.columns
        if column.sensitive
    }
    assert sensitive == {
        ("customer_id", "pseudonym"),
        ("event_id", "pseudonym"),
        ("order_id", "pseudonym"),
        ("feedback_id", "pseudonym"),
        ("exposure_id", "pseudonym"),
        ("search_text", "masked"),
        ("feedback_text", "masked"),
        ("reply_text", "masked"),
        ("malformed", "shape"),
    }
