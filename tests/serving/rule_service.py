"""A service of the small rule, as BentoML runs one."""

import os
from pathlib import Path

import bentoml
from small_rule import Rule

from include.serving.answers import Answers, check_start
from include.serving.front import behind

OWN = Path(os.environ["OWN_MODEL"])


@bentoml.service(name="visits", workers=2, service_class=behind())
class Visits(Answers):
    """Says how likely a visit is to be sold."""

    def __init__(self) -> None:
        super().__init__(OWN, Rule.read, "sold")

    @bentoml.on_deployment
    @staticmethod
    def check() -> None:
        check_start(OWN)
