"""The service that a bento of the assistant runs: `bentoml serve`, then POST /ask.

package_assistant puts this file into the bento, beside the index and the encoder. Nothing is
answered without the token, but for the health checks; what is not on the short list of paths does
not exist.
"""

from pathlib import Path

import bentoml

from include.assistant.service.assistant import Assistant, check_start
from include.assistant.service.front import behind

MODEL = Path(__file__).parents[3] / "model"


@bentoml.service(
    name="assistant",
    workers=1,
    service_class=behind(),
    envs=[{"name": "BENTOML_DO_NOT_TRACK", "value": "true"}],
)
class Served(Assistant):
    """The service, as BentoML runs it."""

    def __init__(self) -> None:
        super().__init__(MODEL)

    @bentoml.on_deployment  # type: ignore[untyped-decorator]
    @staticmethod
    def check() -> None:
        """See that there is a token and a whole bento, and that log and traces can be had."""
        check_start(MODEL)

    @bentoml.on_shutdown  # type: ignore[untyped-decorator]
    def end(self) -> None:
        """Let go of threads, close the log of questions, and send the last traces."""
        self.close()
