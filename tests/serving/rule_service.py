"""A service of the small rule, as BentoML runs one."""

import os
from pathlib import Path
from typing import Any, cast

import bentoml
from small_rule import Rule
from starlette.applications import Starlette

from include.serving.answers import Answers, check_start
from include.serving.endpoints import ROUTES
from include.serving.gate import Gate

OWN = Path(os.environ["OWN_MODEL"])


@bentoml.service(name="visits", workers=2)
@bentoml.asgi_app(Starlette(routes=ROUTES), path="/")
class Visits(Answers):
    """Says how likely a visit is to be sold."""

    def __init__(self) -> None:
        super().__init__(OWN, Rule.read, "sold")

    @bentoml.on_deployment
    @staticmethod
    def check() -> None:
        check_start(OWN)


cast(Any, Visits).add_asgi_middleware(Gate)
