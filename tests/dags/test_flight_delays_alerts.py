"""The DAG that tells looks at each DAG of the flights that runs by itself."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BY_HAND = {"flight_delays_rollback"}  # whose end a person awaits


def test_no_dag_that_runs_by_itself_fails_unheard():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW__LEEWAY__REPO", str(ROOT))
        from flight_delays_alerts import flight_delays_alerts as dag
    names = {path.stem for path in (ROOT / "dags").glob("flight_delays*.py")}
    task = dag.get_task("send_alerts")
    assert set(task.pipelines) == names - BY_HAND - {dag.dag_id}
    assert set(task.watched) <= set(task.pipelines)
    # A schedule that has ended makes no run due: the incident would never end.
    assert not any("at_least_every" in due for due in task.pipelines.values())
    assert "ends_within" not in task.pipelines["flight_delays_promote"]  # it may wait for a person
