"""Leeway runs the graph of a DVC repository on Airflow, with the result that `dvc repro` has.

    from leeway.airflow import pipeline_dag

    pipeline_dag("training")

is a DAG file. This becomes `leeway/__init__.py` and `leeway/airflow/__init__.py`.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dvc_dag import pipeline_dag

__all__ = ["pipeline_dag"]


def __getattr__(name: str) -> Any:
    """`pipeline_dag`, once somebody asks for it: it loads Airflow."""
    if name in __all__:
        from dvc_dag import pipeline_dag

        return pipeline_dag
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
