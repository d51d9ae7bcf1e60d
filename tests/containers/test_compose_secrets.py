"""A worker runs what pipelines say: it holds no more secrets than its tasks need."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
# The secrets of .env that a worker is given, each for the reason that docs/compose.md tells.
NEEDED = {
    "AIRFLOW_SECRET_KEY",
    "BROKER_PASSWORD",
    "LEEWAY_MODEL_API_KEY",
    "LEEWAY_TASKS_PASSWORD",
    "OBJECT_STORE_KEY",
    "OBJECT_STORE_SECRET",
    "ONLINE_STORE_PASSWORD",
    "VECTOR_STORE_PASSWORD",
}
FILES = {
    "docker-compose.yaml": NEEDED,
    "containers/compose.apart.yaml": {"GIT_SERVER_TOKEN"},
    "containers/compose.steps.yaml": set(),
}


@pytest.mark.parametrize(("file", "needed"), FILES.items(), ids=FILES)
def test_workers_hold_the_secrets_that_their_tasks_need_and_no_others(file, needed):
    services = yaml.safe_load((ROOT / file).read_text())["services"]
    for name in ("worker", "worker-gpu", "worker-gpu-stand-in"):
        named = {*re.findall(r"\$\{(\w+)", str(services[name]))}
        assert {n for n in named if re.search("_(PASSWORD|KEY|SECRET|TOKEN)$", n)} == needed
