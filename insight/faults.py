"""Turns what Spark and Delta throw into errors that say which table or file, and what to do."""

import re
from urllib.parse import quote

from delta import exceptions as delta_exceptions
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException

from insight.errors import (
    MAY_BE_RETRIED,
    InsightError,
    RunConflictError,
    SourceFormatError,
    TableContractError,
    TableDamagedError,
)

_CONFLICTS = (
    # Siblings in Python, whatever they are in Delta itself.
    delta_exceptions.DeltaConcurrentModificationException,
    delta_exceptions.ConcurrentAppendException,
    delta_exceptions.ConcurrentDeleteDeleteException,
    delta_exceptions.ConcurrentDeleteReadException,
    delta_exceptions.ConcurrentTransactionException,
    delta_exceptions.ConcurrentWriteException,
    delta_exceptions.MetadataChangedException,
    delta_exceptions.ProtocolChangedException,
)

_STORAGE = re.compile(
    r"No space left on device|Disk quota exceeded|Permission denied|Read-only file system"
    r"|Operation not permitted|AccessControlException|File too large"
)
"""What a file system says that refuses."""
_URL = r"(?:file|hdfs|s3a?|abfss?|gs):/+"
_FILE = re.compile(
    rf"{_URL}(?:(?!, |{_URL})[^\n;'\"])*?\.(?:parquet|json|csv)(?!\.?\w)|{_URL}[^\s,;'\")\]]+"
)
"""A file of a known kind, whose folders' names may hold blanks; else a URL up to a blank."""
_IN_A_PATH = "/:@!$&'()*+,;=~"
"""Characters of a path that a URL leaves as they are."""
_PROMISE = re.compile(
    r"CHECK constraint \S+ \(.*?\)(?= violated)|NOT NULL constraint violated for column: [\w.]+"
)
"""What Delta says of a row that it refuses to write; the row's values are left out."""
_PASSING = ("FetchFailed", "/blockmgr-")
"""A shuffle file that went with its executor: nobody's data, and there again on a retry."""
_DAMAGE = (
    "ChecksumException",
    "Checksum error",
    "is not a Parquet file",
    "FAILED_READ_FILE",
    "Encountered error while reading file",
    "could not read page",
    "Could not read footer",
    "FileNotFoundException",
    "FILE_NOT_EXIST",
    "does not exist",
    "DELTA_TRUNCATED_TRANSACTION_LOG",
    "DELTA_LOG_FILE_NOT_FOUND",
    "DELTA_VERSIONS_NOT_CONTIGUOUS",
    "DELTA_STATE_RECOVER_ERROR",
    "Malformed",
    "InvalidRecordException",
)
_CHECKPOINT = re.compile(r"/_delta_log/[^/]*\.checkpoint\.")
_LOG_DAMAGE = ("DELTA_VERSIONS_NOT_CONTIGUOUS", "are not contiguous", "Parse Mode: FAILFAST")
"""Signs of a damaged log that name no file. Delta alone reads JSON in that mode."""


_QUOTED = re.compile(
    r"""(?<![^\W\d_]{2})'[^\n]*?'(?!\w)"""
    r"""|"[^"\n]*"|(?<=record parsing: )\[.*\]|(?<=Values:)(?:\n - .*)+"""
    r"""|[^\s@]+@[^\s@]+|(?<![\w/.-])\d{5,}(?![\w/-])"""
)
"""Where engines repeat a row: quoted values, whole records, addresses, long numbers.

An apostrophe within a word, as in "can't" or "O'Brien", neither opens nor closes a quotation."""
_CODE = re.compile(r"^  File \".*(?:\n    \S.*)?$|^\tat .*$", re.MULTILINE)
"""Lines of a stack trace: they show code, not data."""


class StorageRefusedError(InsightError):
    """The file system refused: it is full, or the run may not read or write there."""

    exit_code = MAY_BE_RETRIED


def explain(error: Exception, *, subject: str, landing: str | None) -> InsightError | None:
    """The typed error behind an engine's exception; None where it is not one we know.

    Args:
        error: What Spark, Delta or a Python worker raised.
        subject: The table and date being worked on.
        landing: The landing folder, to tell a shop's damaged file from one of ours; None where no
            landing file is read.
    """
    if isinstance(error, InsightError):
        return error
    if isinstance(error, _CONFLICTS):
        return RunConflictError(
            subject,
            found=f"another commit to the same rows ({_first_line(error)})",
            expected="to be the only run of this date",
            next_step="let the other run finish; its result stands",
        )
    text = _text_of(error)
    refusal = _STORAGE.search(text)
    if refusal:
        return _refused(refusal.group(0), text, subject=subject)
    if any(sign in text for sign in _PASSING):
        return None
    promise = _PROMISE.search(text)
    if promise:
        return TableContractError(
            subject,
            found=f"a row that breaks it: {promise.group(0)}",
            expected="rows as the table's contract in insight/tables promises them",
            next_step="find the stage that made the row; nothing was published",
        )
    if any(sign in text for sign in (*_DAMAGE, *_LOG_DAMAGE)):
        return _damage(text, subject=subject, landing=landing)
    return None


def without_values(text: str) -> str:
    """An engine's message or a stack trace without the values it repeats from rows.

    Spark quotes the value that a cast fails at, Delta the row that breaks a constraint, Python
    what does not convert. Logs and ``run_log`` are read by more people than the rows are.
    """
    parts, end = [], 0
    for line in _CODE.finditer(text):
        parts += [_QUOTED.sub("[value]", text[end : line.start()]), line.group(0)]
        end = line.end()
    return "".join([*parts, _QUOTED.sub("[value]", text[end:])])


def damaged_log(subject: str, *, found: str) -> TableDamagedError:
    """The error of a table whose log, not its data, is damaged: there is nothing to restore by."""
    return TableDamagedError(
        subject,
        found=found,
        expected="a log that holds every commit, whole",
        next_step="put the log's file back from a backup, or move the table's folder away and "
        "backfill its dates (docs/runbook.md, A damaged log); nothing was published",
    )


def damaged_checkpoint(subject: str, *, found: str) -> TableDamagedError:
    """The error of a table whose log's checkpoint is damaged: its entries may still be whole."""
    return TableDamagedError(
        subject,
        found=found,
        expected="a checkpoint that sums up the log's entries, whole",
        next_step="if _delta_log holds every entry from 00000000000000000000.json on, move the"
        " checkpoint's files and _last_checkpoint out of it and run again: the entries alone are"
        " the table; if entries are gone, put the checkpoint back from a backup (docs/runbook.md, A"
        " damaged log); nothing was published",
    )


def _damage(text: str, *, subject: str, landing: str | None) -> InsightError:
    files = [name.rstrip(".:") for name in _FILE.findall(text)]
    named = next((name for name in files if name.endswith((".parquet", ".json", ".csv"))), None)
    found = f"a damaged or missing file: {named or (files[0] if files else _said(text))}"
    landed = _file_below(landing, text) if landing else None
    if landed and (named is None or text.index(landed) <= text.index(named)):
        return SourceFormatError(
            f"landing file {landed}",
            found="a damaged or truncated file",
            expected="a whole file in the format its source declares",
            next_step="ask the shop to deliver the file again; nothing was published",
        )
    checkpoint = next((name for name in files if _CHECKPOINT.search(name)), None)
    if checkpoint:
        return damaged_checkpoint(subject, found=f"a damaged or missing file: {checkpoint}")
    if "/_delta_log/" in (named or "") or any(sign in text for sign in _LOG_DAMAGE):
        return damaged_log(subject, found=found)
    return TableDamagedError(
        subject,
        found=found,
        expected="every file that the table's log lists",
        next_step="restore the table to its last good version (RESTORE TABLE, by jobs/maintain.py "
        "--restore: docs/runbook.md) or rerun the dates it holds; nothing was published",
    )


def _file_below(landing: str, text: str) -> str | None:
    """The first file below the landing folder that a text names.

    Spark writes ``file:/a`` and ``file:///a`` for the same file, with escapes or without.
    """
    folder = re.sub(r"^[A-Za-z][\w+.-]*:(//[^/]*)?", "", landing).rstrip("/")
    ways = "|".join(re.escape(f"{way}/") for way in (folder, quote(folder, safe=_IN_A_PATH)))
    name = r"[^\n\"]*?\.(?:parquet|json|csv)(?:\.gz|\.bz2)?(?![\w/]|\.\w)"
    found = re.search(rf"[A-Za-z][\w+.-]*:(?://[^/\s]*)?(?:{ways}){name}", text)
    return found and found.group(0)


def _refused(refusal: str, text: str, *, subject: str) -> StorageRefusedError:
    files = _FILE.findall(text)
    return StorageRefusedError(
        subject,
        found=f"{refusal}{f' ({files[0]})' if files else ''}",
        expected="a file system with room, open to the run",
        next_step="free space or mend the permissions, then run this date again; "
        "the old version stays live",
    )


def _said(text: str) -> str:
    """The engine's own words: the first line with a sign of damage, without what led there."""
    signs = (*_DAMAGE, *_LOG_DAMAGE)
    lines = [line for line in text.splitlines() if any(sign in line for sign in signs)]
    return without_values((lines or [text])[0].rsplit("Exception: ", 1)[-1].strip())[:200]


def _text_of(error: Exception) -> str:
    chain: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(chain) < 10:
        java = getattr(seen, "java_exception", None)
        chain.append(f"{seen}\n{java.toString() if java is not None else ''}")
        seen = seen.__cause__ or seen.__context__
    return "\n".join(chain)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:200]


ENGINE_ERRORS: tuple[type[Exception], ...] = (PySparkException, Py4JError)
"""What the engine throws, in Python or through the gateway."""
