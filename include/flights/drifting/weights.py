"""How much the chosen model uses of each feature, from the model's own file."""

from pathlib import Path

from include.errors import DataError
from include.flights.members.chosen import Chosen
from include.flights.members.records import MEMBERS

UNKNOWN = "How much the model uses of a feature is not known: all weigh the same."


def read_weights(models: Path, chosen: Chosen) -> tuple[dict[str, float] | None, str]:
    """Read the total gain of each feature's splits.

    Returns:
        Feature to gain, or None if no member of the chosen model has any; and what it is, in
        words.

    Raises:
        DataError: the file is not there, or no model of XGBoost.
    """
    if "xgboost" not in chosen.members:
        return None, UNKNOWN
    import xgboost as xgb

    folder, fix = models / "xgboost", "run `dvc repro train_xgboost`, which writes it anew."
    # What goes live is the refit, if there is one; a bento holds nothing else.
    held = [folder / name for name in MEMBERS["xgboost"].weights if (folder / name).is_file()]
    if not held:
        names = " nor ".join(MEMBERS["xgboost"].weights)
        raise DataError(f"{folder} holds neither {names}.", fix)
    path = held[0]
    try:
        booster = xgb.Booster(model_file=path)
    except xgb.core.XGBoostError:
        raise DataError(f"{path} is no model of XGBoost.", fix) from None
    gains = booster.get_score(importance_type="total_gain")
    if not gains:  # without a split, it says the same of all
        return None, UNKNOWN
    others = [MEMBERS[name].title for name in chosen.members if name != "xgboost"]
    said = "The share of the total gain of XGBoost's splits that is the feature's."
    if others:
        said += f" What the other part of the model uses ({', '.join(others)}) is not known."
    return {str(name): float(gain) for name, gain in gains.items() if isinstance(gain, float)}, said
