"""What each part of Airflow does as it starts."""

import gc
import importlib

import airflow_local_settings


def test_what_a_start_makes_is_not_searched_for_garbage_over_and_over():
    held = gc.get_threshold()
    try:
        gc.set_threshold(700, 10, 10)
        importlib.reload(airflow_local_settings)
        assert gc.get_threshold()[0] == 100_000
    finally:
        gc.set_threshold(*held)
