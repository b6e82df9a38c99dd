"""Every call of the API, on one page. From here come the router, the methods and rights, the OpenAPI document.

A subject has a module `stream/web/api/NAME.py` with a tuple `ROUTES`; joining it here is all that there is to do.
Modules of calls may import `stream.web.page`, never `stream.web.server` or `stream.web.admission`, which import this.
"""

from __future__ import annotations

from stream.web.api import (
    alarms,
    challenges,
    clips,
    documents,
    export,
    figures,
    filters,
    heads,
    incidents,
    line,
    live,
    metrics,
    mjpeg,
    pictures,
    proposal,
    records,
    report,
    reviews,
    samples,
    users,
)
from stream.web.api.route import Route

__all__ = ["ROUTES", "Route"]

_CALLS: tuple[Route, ...] = (
    *line.ROUTES,
    *clips.ROUTES,
    *pictures.ROUTES,
    *live.ROUTES,
    *mjpeg.ROUTES,
    *incidents.ROUTES,
    *records.ROUTES,
    *heads.ROUTES,
    *reviews.ROUTES,
    *samples.ROUTES,
    *users.ROUTES,
    *alarms.ROUTES,
    *filters.ROUTES,
    *figures.ROUTES,
    *metrics.ROUTES,
    *report.ROUTES,
    *challenges.ROUTES,
    *export.ROUTES,
    *proposal.ROUTES,
)
ROUTES: tuple[Route, ...] = (*_CALLS, *documents.routes_of(_CALLS))
