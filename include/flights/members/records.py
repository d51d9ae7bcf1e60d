"""Each model that trains: the one list that evaluation, packaging, serving and drift read.

A new model is a stage train_NAME, a record here, and its lines in dvc.yaml, which
tests/test_dvc_yaml.py asks for.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Member:
    """A model that the stage train_NAME leaves in models/NAME and predictions/NAME.parquet.

    In models/NAME, model.json holds its kind, NAME, and its encoder.
    """

    name: str
    title: str  # in reports
    weights: tuple[str, ...]  # files of models/NAME: that of a refit, if there is one, goes first
    # Its function `load` takes weights, encoder and threads, and gives a function from the arrays
    # of the encoder to probabilities. The module alone, with what it imports, is packaged.
    module: str
    packages: tuple[str, ...]  # libraries that compute the answers


MEMBERS = {
    member.name: member
    for member in (
        Member(
            name="xgboost",
            title="XGBoost",
            weights=("refit.ubj", "model.ubj"),
            module="include.flights.serving.xgboost_model",
            packages=("xgboost",),
        ),
        Member(
            name="torch",
            title="Torch network",
            weights=("refit.safetensors", "weights.safetensors"),
            module="include.flights.serving.torch_model",
            packages=("torch", "safetensors"),
        ),
    )
}
