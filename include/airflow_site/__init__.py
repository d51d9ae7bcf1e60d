"""Airflow on one machine, with nothing to install beside it: SQLite, and the processes it needs."""
