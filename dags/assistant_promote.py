"""
Lets the assistant of a run go live, if it passed the gates of `promotion` in
`include/assistant/params.yaml`. A refusal is a green run, whose note says why.

- **By itself**, once it is not paused: when a run of the schedule of `assistant` has ended.
  At `risk: high` it waits for a person, who approves in Airflow's *Required Actions*.
- **By hand**: *Trigger*, with the name of an experiment; also of a run by hand.
- **If a task fails**, its log ends with what to do next; then clear it, and the run goes on.
"""

from datetime import UTC, datetime, timedelta

from dvc_promotion import promotion_dag

# What a gate means rests on these; what a run may do better by is not among them.
SECTIONS = [
    *("promotion", "make_questions", "evaluation", "evaluate_answers", "tune_search"),
    "plant_incidents",
]

assistant_promote = promotion_dag(
    "assistant_promote",
    pipeline="assistant",
    artifact="include/assistant:assistant",
    verdict="include/assistant/reports/promotion.json",
    rules=[f"include/assistant/params.yaml:{section}" for section in SECTIONS],
    start_date=datetime(2026, 1, 5, tzinfo=UTC),
    default_args={"owner": "data-science", "retries": 1, "retry_delay": timedelta(seconds=30)},
    tags=["registry", "assistant"],
    doc_md=__doc__,
)
