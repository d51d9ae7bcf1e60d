"""The prediction service that a bento runs: `bentoml serve`, then POST /predict.

package_bento puts this file into the bento, beside the model. Nothing is answered without the
token, but for the health checks; what is not on the short list of paths does not exist.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import cast

import bentoml
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from include.flights.serving.flight_model import FlightModel, Reader
from include.serving.answers import Answers, check_start
from include.serving.endpoints import answer
from include.serving.front import behind
from include.serving.live import Live
from include.serving.request import Asked

MODEL = Path(__file__).parents[3] / "model"


async def predict(request: Request) -> Response:
    """Answer POST /predict."""
    return await answer(request, Delays.read_flights)


class Delays(Answers):
    """Says how likely each flight is to arrive late, two hours before it is to leave."""

    def __init__(self) -> None:
        self.reader = Reader()
        super().__init__(MODEL, self.reader.model, "late")

    async def read_flights(self, live: Live, request_id: str, body: bytes) -> Asked:
        """A request that brings flights, with the features that the online store has of them.

        Raises:
            DataError: they are no flights that can be asked about.
            Unavailable: the store cannot be read.
        """
        model = cast(FlightModel, live.champion.model)
        asked, found = await self.reader.read(model, request_id, body, self.now())
        self.counts.ages(found.ages_s, found.stale, found.missing)
        return asked

    def bodies(self) -> dict[str, Mapping[str, object]]:
        """Each path that answers rows, and the JSON schema of what it takes."""
        model = cast(FlightModel, self.live.champion.model)
        return {"/predict": model.flights.schema(), **super().bodies()}


@bentoml.service(
    name="flight_delays",
    workers=1,
    service_class=behind(Route("/predict", predict, methods=["POST"])),
    envs=[{"name": "BENTOML_DO_NOT_TRACK", "value": "true"}],
)
class FlightDelays(Delays):
    """The service, as BentoML runs it."""

    @bentoml.on_deployment  # type: ignore[untyped-decorator]
    @staticmethod
    def check() -> None:
        """See that there is a token and a whole model, and that clock and store can be had."""
        check_start(MODEL, Reader)

    @bentoml.on_shutdown  # type: ignore[untyped-decorator]
    def end(self) -> None:
        """Close the log of predictions."""
        self.record.close()
