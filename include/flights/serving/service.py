"""The prediction service that a bento runs: `bentoml serve`, then POST /predict.

package_bento puts this file into the bento, beside the model. Nothing is answered without the
token, but for the health checks; what is not on the short list of paths does not exist.
"""

from pathlib import Path
from typing import Any, cast

import bentoml
from starlette.applications import Starlette

from include.flights.serving import predictor
from include.serving.answers import Answers, check_start
from include.serving.endpoints import ROUTES
from include.serving.gate import Gate
from include.serving.manifest import read_manifest

MODEL = Path(__file__).parents[3] / "model"


@bentoml.service(
    name="flight_delays",
    workers=1,
    traffic={"timeout": 60, "max_concurrency": 64},
    envs=[{"name": "BENTOML_DO_NOT_TRACK", "value": "true"}],
)
@bentoml.asgi_app(Starlette(routes=ROUTES), path="/")
class FlightDelays(Answers):
    """Says how likely each flight is to arrive late, two hours before it is to leave."""

    def __init__(self) -> None:
        # One thread: on busy cores two threads of XGBoost took ten times as long as one.
        super().__init__(read_manifest(MODEL), predictor.load(MODEL, threads=1), "late")

    @bentoml.on_deployment  # type: ignore[untyped-decorator]
    @staticmethod
    def check() -> None:
        """See that there is a token and a whole model."""
        check_start(MODEL)


# The decorator has made a bentoml.Service of the class, which mypy does not see.
cast(Any, FlightDelays).add_asgi_middleware(Gate)
