"""The order of the modules of tests: the long ones first, so that no worker is left with one alone."""

from pathlib import Path

import pytest

# Those that wait for an Airflow stand between those that compute: two at once do not get in each
# other's way then.
LONG = (
    "dags/test_parity.py",
    "plugins/test_by_hand.py",
    "pipeline/test_opening.py",
    "airflow_site/test_faults_airflow.py",
    "pipeline/test_same_result.py",
    "package/test_wheel.py",
    "pipeline/test_apart.py",
    "command/test_run.py",
    "test_doc_commands.py",
    "plugins/test_queues.py",
    "pipeline/test_attacks.py",
    "plugins/test_dvc_promotion.py",
    "pipeline/registry/test_promotion.py",
    "plugins/test_browser.py",
    "pipeline/test_faults.py",
    "test_another_project.py",
    "pipeline/test_runs.py",
    "following/test_serve.py",
    "flights/serving/test_online.py",
    "flights/serving/test_requests.py",
    # the second project
    "assistant/test_package_assistant.py",
    # end of the second project
    "flights/test_fetch_champion.py",
    "flights/test_train_torch.py",
    "flights/test_report_drift.py",
    "following/test_follower.py",
    "flights/test_package_bento.py",
)


def order(items: list[pytest.Item], tests: Path) -> None:
    """Put the tests of LONG first, in its order; the others stay as they are."""
    places = {tests / name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: places.get(item.path, len(LONG)))
