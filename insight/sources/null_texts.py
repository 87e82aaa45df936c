r"""Texts that stand for no value, as shop software, databases and data frames write them."""

from pydantic import BaseModel

BLANKS = "".join(
    (
        *map(chr, (*range(0x09, 0x0E), *range(0x1C, 0x21), 0x85, 0xA0, 0x1680)),
        *map(chr, (*range(0x2000, 0x200C), 0x2028, 0x2029, 0x202F, 0x205F, 0x2060, 0x3000, 0xFEFF)),
    )
)
"""Unicode's blanks, with the zero-width space, the word joiner and the byte-order mark."""

NULL_TEXTS = (
    "",
    # Databases: SQL, MySQL's dumps and its date of zeros.
    "null",
    "NULL",
    "Null",
    "(null)",
    r"\N",
    "0000-00-00",
    "0000-00-00 00:00:00",
    # Scripts in a browser, Google Analytics.
    "undefined",
    "(not set)",
    # Python and pandas.
    "None",
    "nan",
    "NaN",
    "NaT",
    "<NA>",
    # Spreadsheets.
    "N/A",
    "n/a",
    "#N/A",
)
"""Null in every column. A word that may be a name or a country's code (none, NA) is not among
them: a source adds its own."""

NULL_CUSTOMER_IDS = ("0", "-1", "0.0", "-1.0", "00000000-0000-0000-0000-000000000000")
"""Null as a customer's id alone: elsewhere they are numbers."""


class NullTexts(BaseModel):
    """The part of a feed's declaration that says which texts stand for no value.

    They are compared as a whole, without the blanks around them.

    Args:
        null_texts: Null in any column, besides ``NULL_TEXTS``.
        null_customer_ids: Null as a customer's id alone, besides ``NULL_CUSTOMER_IDS``.
        value_texts: Texts of these lists that are values in this source, such as a brand "None".
    """

    null_texts: tuple[str, ...] = ()
    null_customer_ids: tuple[str, ...] = ()
    value_texts: tuple[str, ...] = ()

    @property
    def nulls(self) -> tuple[str, ...]:
        """Texts that stand for no value in any column."""
        return (*(text for text in NULL_TEXTS if text not in self.value_texts), *self.null_texts)

    @property
    def null_ids(self) -> tuple[str, ...]:
        """Texts that name no customer."""
        ids = (text for text in NULL_CUSTOMER_IDS if text not in self.value_texts)
        return (*self.nulls, *ids, *self.null_customer_ids)
