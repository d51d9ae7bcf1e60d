"""The prediction service that a bento runs: `bentoml serve`, then POST /predict.

package_bento puts this file into the bento, beside the model. Nothing is answered without the
token, but for the health checks; what is not on the short list of paths does not exist.
"""

import asyncio
import logging
import os
from pathlib import Path
from typing import Any, cast

import bentoml
import numpy as np
from bentoml._internal.utils.analytics import usage_stats
from prometheus_client import Counter
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from include.errors import DataError, PlatformError
from include.flights.models import predictor
from include.flights.serving.gate import Gate, read_token, refuse
from include.flights.serving.manifest import check_packages, read_manifest
from include.flights.serving.rows import Rows, unknown_values

# BentoML reports each start to its maker unless it is told not to, and has asked by now.
os.environ["BENTOML_DO_NOT_TRACK"] = "true"
usage_stats.do_not_track.cache_clear()

# Under the name of BentoML, whose handlers write to the log of the server.
log = logging.getLogger("bentoml.flight_delays")

MODEL = Path(__file__).parents[3] / "model"
# From this many rows on, a prediction leaves the event loop, so that health checks are answered.
MANY_ROWS = 200
# Between two machines of one environment; the probe is rounded to six digits.
SMALL_DIFFERENCE = 1e-5
SAME_PACKAGES = "install the bento's env/python/requirements.txt exactly."


async def predict(request: Request) -> Response:
    """Answer POST /predict."""
    service: FlightDelays = bentoml.get_current_service()
    if service.fault:
        return refuse(503, service.fault, SAME_PACKAGES)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        what = f"The body is {kind or 'of no declared type'}, not application/json."
        return refuse(415, what, "send JSON, with the header `Content-Type: application/json`.")
    try:
        body = await read_body(request, service.manifest["max_body_bytes"])
    except ClientDisconnect:
        return Response(status_code=400)
    if body is None:
        what = f"The body has more than {service.manifest['max_body_bytes']:,} bytes."
        return refuse(413, what, "send fewer rows in one request.")
    try:
        return JSONResponse(await service.answer(body))
    except DataError as error:
        return refuse(400, error.what, error.fix)


async def read_body(request: Request, most_bytes: int) -> bytes | None:
    """The body, or None as soon as it is known to be too large."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most_bytes:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most_bytes:
            return None
    return bytes(body)


async def schema(_: Request) -> Response:
    """Answer GET /schema."""
    service: FlightDelays = bentoml.get_current_service()
    shown = (
        "name",
        "version",
        "members",
        "late_from_probability",
        "max_rows",
        "features",
    )
    return JSONResponse({key: service.manifest[key] for key in shown})


ROUTES = [Route("/predict", predict, methods=["POST"]), Route("/schema", schema)]


@bentoml.service(
    name="flight_delays",
    workers=1,
    traffic={"timeout": 60, "max_concurrency": 64},
    envs=[{"name": "BENTOML_DO_NOT_TRACK", "value": "true"}],
)
@bentoml.asgi_app(Starlette(routes=ROUTES), path="/")
class FlightDelays:
    """Says how likely each flight is to arrive late, two hours before it is to leave."""

    def __init__(self) -> None:
        self.manifest = read_manifest(MODEL)
        # One thread: on busy cores two threads of XGBoost took ten times as long as one.
        self.predictor = predictor.load(MODEL, threads=1)
        self.levels = self.predictor.levels
        kinds = {feature["name"]: feature["kind"] for feature in self.manifest["features"]}
        self.rows = Rows(kinds, self.manifest["max_rows"])
        self.version = f"{self.manifest['name']}:{self.manifest['version']}"
        self.fault = self.find_fault()
        self.predicted = Counter("leeway_predictions", "Flights predicted", ["late"])
        self.unknown = Counter("leeway_unknown_values", "Values training never saw", ["feature"])
        if self.fault:
            log.error("%s\n  Next: %s", self.fault, SAME_PACKAGES)
        else:
            log.info(
                "%s is ready, with the members %s",
                self.version,
                self.manifest["members"],
            )

    @bentoml.on_deployment  # type: ignore[untyped-decorator]
    @staticmethod
    def check() -> None:
        """Stop before the first worker starts: a worker that fails is started again for ever."""
        try:
            read_token()
            check_packages(read_manifest(MODEL))
        except PlatformError as error:
            raise bentoml.exceptions.BentoMLException(str(error)) from None

    def find_fault(self) -> str:
        """What is wrong if this machine does not answer as the one that packaged the model."""
        answers = self.predictor.predict(self.predictor.probe())
        difference = float(np.abs(answers - np.array(self.manifest["probe"])).max())
        if difference <= SMALL_DIFFERENCE:
            return ""
        return f"Probabilities here differ by {difference:.1e} from those at packaging."

    def __is_ready__(self) -> bool:
        return not self.fault

    async def answer(self, body: bytes) -> dict[str, object]:
        """The answer to one request.

        Raises:
            DataError: the body is not a list of rows with every feature.
        """
        table = self.rows.read(body)
        if table.height >= MANY_ROWS:
            probabilities = await asyncio.to_thread(self.predictor.predict, table)
        else:
            probabilities = self.predictor.predict(table)
        late = probabilities >= self.manifest["late_from_probability"]
        unknown = unknown_values(table, self.levels)
        self.count(int(late.sum()), len(late), unknown)
        return {
            "predictions": [
                {"probability": probability, "late": is_late}
                for probability, is_late in zip(probabilities.tolist(), late.tolist(), strict=True)
            ],
            "model": self.version,
            "unknown_values": unknown,
        }

    def count(self, late: int, rows: int, unknown: dict[str, dict[str, int]]) -> None:
        """Add to the numbers that GET /metrics shows."""
        self.predicted.labels("true").inc(late)
        self.predicted.labels("false").inc(rows - late)
        for name, values in unknown.items():
            self.unknown.labels(name).inc(sum(values.values()))


# The decorator has made a bentoml.Service of the class, which mypy does not see.
cast(Any, FlightDelays).add_asgi_middleware(Gate)
