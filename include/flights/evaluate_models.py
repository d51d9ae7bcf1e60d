"""Stage evaluate_models: choose the model that serves, and judge it on flights it never saw."""

from pathlib import Path

from include import step
from include.flights.evaluation import files as evaluation_files
from include.flights.evaluation import report as evaluation_report
from include.flights.evaluation.judgement import Params, evaluate
from include.flights.members.predictions import check_columns, read_flights, read_members
from include.flights.models.history import History
from include.flights.splits import Label, Splits, Window
from include.step import Out


def evaluate_models(
    features: Path,
    predictions: Path,
    chosen: Out,
    metrics: Out,
    plots: Out,
    report: Out,
    window: Window,
    splits: Splits,
    label: Label,
    params: Params,
) -> None:
    """Choose on the validation period, judge on the test period, and report both."""
    check_columns(features, params.features)
    flights = read_flights(features, (), window, splits)
    members = read_members(predictions, flights)
    print(f"{flights.height:,} flights, {len(members)} models", flush=True)
    history = History.open(features, window, splits)
    result = evaluate(flights, history, members, params)
    chosen.write_text(result.choice.chosen.model_dump_json(indent=2) + "\n")
    evaluation_files.write_metrics(metrics, result)
    evaluation_files.write_plots(plots, result)
    report.write_text(evaluation_report.page(result, label.late_after_min), encoding="utf-8")
    auc = result.scores[result.chosen]["auc"]
    print(f"chosen: {result.chosen}, test AUC {auc.value:.4f} ({auc.low:.4f} to {auc.high:.4f})")


if __name__ == "__main__":
    raise SystemExit(step.run(evaluate_models))
