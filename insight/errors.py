"""Every error a run can end with: its subject, what was found, what was expected, what to do.

The exit code tells a scheduler whether a retry can help: 2, it cannot (bad settings, a broken
contract, bad data); 1, it may (a conflict, a lost executor).
"""

DO_NOT_RETRY = 2
MAY_BE_RETRIED = 1


class InsightError(Exception):
    """The root of all typed errors.

    Args:
        subject: What the error is about: a table, file, setting, with its version or date.
        found: What was there.
        expected: What should have been there.
        next_step: What the person reading this should do now.
    """

    exit_code = DO_NOT_RETRY

    def __init__(self, subject: str, *, found: str, expected: str, next_step: str) -> None:
        self.subject = subject
        self.found = found
        self.expected = expected
        self.next_step = next_step
        super().__init__(f"{subject}: found {found}; expected {expected}. Next: {next_step}.")

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the facts when the error crosses a process border (executors, ranks)."""
        return (_revive, (type(self), self.subject, self.found, self.expected, self.next_step))


def _revive(
    kind: type[InsightError], subject: str, found: str, expected: str, next_step: str
) -> InsightError:
    return kind(subject, found=found, expected=expected, next_step=next_step)


class SettingsError(InsightError):
    """A setting is unknown, missing or out of its bounds."""


class SourceFormatError(InsightError):
    """A landing file is missing, unreadable or not as its source declares."""


class LandingFileChangedError(SourceFormatError):
    """A landing file was written to while a run read it; the next run may find it whole."""

    exit_code = MAY_BE_RETRIED


class TableContractError(InsightError):
    """A frame does not have exactly the columns, types or values its table promises."""


class TableDamagedError(InsightError):
    """A table's files or log cannot be read as they were committed."""


class DataQualityError(InsightError):
    """Too many rows break the rules for the run to be trusted."""


class EmptyInputError(InsightError):
    """A day, window or table that must have rows has none."""


class LeakageError(InsightError):
    """A feature knows what came after its date."""


class RunConflictError(InsightError):
    """Another run published the same date first."""

    exit_code = MAY_BE_RETRIED


class QueryRefusedError(InsightError):
    """An analyst's query does more than read the published tables and views."""


class StageOrderError(InsightError):
    """A stage was asked to run before the tables it reads were written."""


class ModelNotFoundError(InsightError):
    """The registry holds no model version that answers the question."""


class ModelDamagedError(InsightError):
    """A model version's files do not match its manifest."""


class VocabularyMismatchError(InsightError):
    """Model and data were encoded with different vocabularies or feature lists."""


class TrainingFailedError(InsightError):
    """Training could not start, or did not finish."""

    exit_code = MAY_BE_RETRIED


class NotFiniteError(TrainingFailedError):
    """Training came to a number that is not finite; from the same rows and seed it would again."""

    exit_code = DO_NOT_RETRY


class UnknownMetricError(InsightError):
    """A comparison asks for a metric that nobody computes for the task."""


class PromotionRefused(InsightError):
    """The challenger did not beat what it had to beat."""
