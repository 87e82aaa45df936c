"""Logging: one line per door. Handlers are set by jobs only."""

import logging
import sys

import structlog


def configure_logs(*, level: int = logging.INFO) -> None:
    """Send one readable line per event to stderr; JSON where ``INSIGHT_LOG_FORMAT=json``."""
    import os

    as_json = os.environ.get("INSIGHT_LOG_FORMAT") == "json"
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=0)
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S" if not as_json else "iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of a module: ``logger(__name__)``."""
    return structlog.get_logger(module=name)  # type: ignore[no-any-return]
