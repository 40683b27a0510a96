"""How every process of the server writes its log: one JSON object per line on the error output."""

from __future__ import annotations

import logging
import os
import sys

import structlog


def set_up_logs() -> None:
    """Set up once per process; `LEAKFIRST_VERBOSE` shows also what went well."""
    logging.basicConfig(level=logging.WARNING)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # where errors go now
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.INFO if os.environ.get("LEAKFIRST_VERBOSE") else logging.WARNING
        ),
    )
