"""Masks contact details and numbers in text that people write, before the first write."""

from pyspark.sql import Column
from pyspark.sql import functions as F

EMAIL, NUMBER, CUSTOMER, ORDER = "[email]", "[number]", "[customer]", "[order]"
"""What stands in place of what was written. No angle brackets: cleaning drops markup."""

_EMAIL = r"(?U)(?<![\w.+'-])[\w.+'-]++(?:@|%40|\uff20)[\w-]++(?:\.[\w-]++)+"
"""The local part is taken whole or not at all: the time grows with the text's length alone."""

_DIALLED = r"(?U)(?<!\d)\d(?:[ ()./-]{0,3}+\d){6,}+"
"""Seven digits or more with blanks, dots, slashes, hyphens and brackets between: phone numbers,
cards, bank accounts."""

_LONG_NUMBER = r"(?U)\d{5,}+"
"""Five digits or more in a row: customer, order and ticket numbers."""

_SHORTEST_NAME = 4
"""Characters of an id that is looked for in a text. Shorter ones are sizes and model numbers."""


def masked(text: Column) -> Column:
    """The text without e-mail addresses, phone and card numbers and other long numbers.

    Words stay, names of people among them. Null stays null.
    """
    without_addresses = F.regexp_replace(text, _EMAIL, EMAIL)
    return F.regexp_replace(
        F.regexp_replace(without_addresses, _DIALLED, NUMBER), _LONG_NUMBER, NUMBER
    )


def without_name(text: Column, name: Column, placeholder: str) -> Column:
    """The text without a name that stands in the same row, such as the customer's own id.

    Args:
        text: Free text.
        name: The name as delivered; null or fewer than four characters leave the text alone.
        placeholder: What stands in its place.
    """
    is_name = F.length(F.trim(name)) >= _SHORTEST_NAME
    return F.when(is_name, F.replace(text, F.trim(name), F.lit(placeholder))).otherwise(text)


def shape_of(text: Column) -> Column:
    """The form of a value without its content: ``a`` for a letter, ``9`` for a digit.

    ``2010-13-45`` becomes ``9999-99-99`` and ``anna@example.com`` becomes ``aaaa@aaaaaaa.aaa``.
    The form tells why a value did not parse, and nobody by name.
    """
    return F.regexp_replace(F.regexp_replace(text, r"[\p{L}\p{M}]", "a"), r"\p{N}", "9")
