"""Logging: one line per door. Handlers are set by jobs only."""

import logging
import os
import sys
import traceback

import structlog

from insight.faults import without_values


def configure_logs(*, level: int = logging.INFO) -> None:
    """Send one readable line per event to stderr; JSON where ``INSIGHT_LOG_FORMAT=json``."""
    as_json = os.environ.get("INSIGHT_LOG_FORMAT") == "json"
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            pad_event_to=0,
            exception_formatter=structlog.dev.plain_traceback,
        )
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S" if not as_json else "iso", utc=True),
            structlog.processors.ExceptionRenderer(_traceback_without_values),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of a module: ``logger(__name__)``."""
    return structlog.get_logger(module=name)  # type: ignore[no-any-return]


def _traceback_without_values(exc_info: structlog.typing.ExcInfo) -> str:
    """Format an exception with its chain for every renderer.

    The renderers' own tracebacks show local variables, which hold rows.
    """
    return without_values("".join(traceback.format_exception(*exc_info)).rstrip())
