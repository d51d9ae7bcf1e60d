"""Irises, sorted. **If a task fails**, its log ends with what to do next."""

from dvc_dag import pipeline_dag

flowers = pipeline_dag("flowers", reports=["measured", "reports"], schedule=None)
