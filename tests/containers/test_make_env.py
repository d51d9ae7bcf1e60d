"""`make .env` fills what is empty or missing, keeps what is there, and shows it to nobody else."""

from pathlib import Path

import make_env
import pytest

EXAMPLE = "# Logins.\nADMIN_PASSWORD=\nAIRFLOW_FERNET_KEY=\n\n# More.\nPORT=8080\nRUNNER=\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / ".env.example").write_text(EXAMPLE)
    return tmp_path


def values(root: Path) -> dict[str, str]:
    lines = (root / ".env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def mode(root: Path) -> int:
    return (root / ".env").stat().st_mode & 0o777


def test_each_secret_is_random_and_for_this_user_alone(root, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    (other / ".env.example").write_text(EXAMPLE)
    for place in (root, other):
        make_env.main(place)
    one, two = values(root), values(other)
    assert one["PORT"] == two["PORT"] == "8080"
    assert len(one["ADMIN_PASSWORD"]) == 32 and one["ADMIN_PASSWORD"] != two["ADMIN_PASSWORD"]
    assert len(one["AIRFLOW_FERNET_KEY"]) == 44
    assert mode(root) == 0o600


def test_a_second_time_changes_nothing(root):
    make_env.main(root)
    before = (root / ".env").read_bytes()
    make_env.main(root)
    assert (root / ".env").read_bytes() == before


@pytest.mark.parametrize(
    "held", ["PORT=9999", "PORT=9999\nADMIN_PASSWORD=\n", "PORT=9999\nADMIN_PASSWORD=a b\n"]
)
def test_what_is_there_is_kept_and_what_is_empty_or_missing_is_filled(root, held):
    (root / ".env").write_text(held)
    (root / ".env").chmod(0o644)
    make_env.main(root)
    found = values(root)
    assert found["PORT"] == "9999"
    assert found["ADMIN_PASSWORD"] == ("a b" if "a b" in held else found["ADMIN_PASSWORD"]) != ""
    assert len(found["AIRFLOW_FERNET_KEY"]) == 44
    assert mode(root) == 0o600


def test_what_is_no_secret_stays_empty_until_it_is_given(root):
    make_env.main(root)
    before = values(root)
    assert before["RUNNER"] == ""
    make_env.main(root, ["RUNNER=abc"])
    assert values(root) == {**before, "RUNNER": "abc"}
