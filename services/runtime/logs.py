"""structlog as every process uses it: JSON in a container, readable on a terminal."""

import logging
import sys

import structlog

# kafka-python tells every reconnect at WARNING; the stream package says it once, itself.
QUIET_LIBRARIES = ("kafka", "urllib3")


def configure_logs(log_format: str, log_level: str) -> None:
    """Log to standard error; log_format is auto, json or console."""
    is_console = log_format == "console" or (log_format == "auto" and sys.stderr.isatty())
    renderer = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        if is_console
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(log_level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    for library in QUIET_LIBRARIES:
        logging.getLogger(library).setLevel(logging.CRITICAL)
        logging.getLogger(library).propagate = False
