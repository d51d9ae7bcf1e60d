"""The graph of any DVC repository, and how it is run. Knows neither Airflow nor a project."""
