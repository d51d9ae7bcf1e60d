"""
Makes the assistant anew: documents, passages, index, questions, evaluation, verdict and bento.
Airflow draws this DAG from `include/assistant/dvc.yaml`; a stage with nothing new is done at once,
and of changed documents only the changed pages are embedded.

- **By hand**: *Trigger*, and change what you like in the form.
- **By schedule**: on Mondays, before people ask.
- **On request**: when a person approves what an incident note proposes.
- **If a task fails**, its log ends with what to do next; then clear it, and the run goes on.
"""

from datetime import UTC, datetime, timedelta

from dvc_dag import pipeline_dag

OF = "include/assistant"
PARAMS = f"{OF}/params.yaml"

assistant = pipeline_dag(
    "assistant",
    targets=[f"{OF}/dvc.yaml"],
    without=[f"{OF}/dvc.yaml:watch_assistant"],
    form={
        f"{PARAMS}:search.bm25_weight": {"minimum": 0, "maximum": 10},
        f"{PARAMS}:answering.provider": {"enum": ["extractive", "endpoint"]},
        f"{PARAMS}:calibrate_refusal.refused_share": {"minimum": 0, "maximum": 1},
    },
    on_request=True,
    reports=[f"{OF}/reports", f"{OF}/metrics"],
    schedule="0 4 * * 1",
    start_date=datetime(2026, 1, 5, tzinfo=UTC),
    max_active_runs=1,
    default_args={"owner": "data-science", "retries": 1, "retry_delay": timedelta(seconds=30)},
    tags=["training", "assistant"],
    doc_md=__doc__,
)
