"""Stands in for Airflow's REST API in tests of commands: it says what it is made to say."""

from typing import Any

from include.airflow_site.api import AirflowApi

LATER = "2100-01-01T00:00:00Z"


class Answers(AirflowApi):
    """Says what it is made to say, by the last word of the path."""

    def __init__(self, **said: Any) -> None:
        super().__init__("http://127.0.0.1:9", "", "")
        self.said = {"import_errors": [], **said}

    def call(self, method: str, path: str, body: object = None) -> Any:
        name = path.partition("?")[0].rpartition("/")[2]
        name = {
            "importErrors": "import_errors",
            "taskInstances": "task_instances",
            "dagRuns": "dag_runs",
        }.get(name, name)
        if name not in self.said:  # a run
            return {"state": self.said["state"]}
        return {name: self.said[name], "total_entries": len(self.said[name])}


def dag(name: str, file: str = "small.py", **more: Any) -> dict[str, Any]:
    """A DAG that Airflow has just read."""
    held = {"dag_id": name, "fileloc": f"/dags/{file}", "last_parsed_time": LATER}
    return {**held, "last_parse_duration": 1, "is_stale": False, "has_import_errors": False, **more}
