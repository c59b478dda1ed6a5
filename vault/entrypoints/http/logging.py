"""The service's own log: JSON lines on standard error. Not the access log of the vault, which is evidence.

A line has the route's pattern, never the path: paths hold tokens and file names, and file names hold numbers.
Queries, headers and bodies never enter it.
"""

from __future__ import annotations

import logging
import sys
import time
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog
from aiohttp import web

from vault.entrypoints.http.context import client_address
from vault.entrypoints.http.problems import Handler

log = structlog.get_logger("callvault.access")


def set_up_logging() -> None:
    """Write what structlog and the standard library log as JSON lines on standard error."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _where_it_happened,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("callvault").setLevel(logging.INFO)


@web.middleware
async def access_lines(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Write one line for each request, also for one that broke off."""
    began = time.monotonic()
    response: web.StreamResponse | None = None
    try:
        response = await handler(request)
    finally:
        log.info(
            "request",
            method=request.method,
            route=_route(request),
            status=response.status if response is not None else None,
            seconds=round(time.monotonic() - began, 4),
            address=client_address(request),
            answered_bytes=response.content_length if response is not None else None,
        )
    return response


def _route(request: web.Request) -> str | None:
    """Return the route's pattern; None where nothing fitted, for even such a path may hold a token."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else None


def _where_it_happened(
    _logger: object, _method: str, line: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Put the places an exception passed instead of its text, which may quote what came in."""
    error = line.pop("exc_info", None)
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        frames = traceback.extract_tb(error.__traceback__)
        line["error"] = type(error).__name__
        line["where"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    return line
