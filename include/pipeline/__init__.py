"""The graph of any DVC repository, and how it is run. Knows nothing of Airflow or of flights."""
