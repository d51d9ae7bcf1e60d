"""What the Airflow on this machine is given, and who may read it."""

import stat
from pathlib import Path

import pytest

from include.airflow_site.settings import Site, environment, prepare, secrets_of


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_secrets_and_folder_that_others_could_read_are_closed(tmp_path):
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    held = secrets_of(home)
    for name in ("secrets.json", "passwords.json"):
        (home / name).touch()
        (home / name).chmod(0o644)
    home.chmod(0o755)
    prepare(home)
    assert secrets_of(home) == held  # nothing is written, for nothing is new
    environment(Site(tmp_path, tmp_path, home), 1)
    assert [mode(home / name) for name in ("", "secrets.json", "passwords.json")] == [
        0o700,
        0o600,
        0o600,
    ]


def test_a_secret_that_is_new_closes_the_file_before_it_is_in_it(tmp_path):
    (tmp_path / "secrets.json").write_text('{"password": "kept"}')
    (tmp_path / "secrets.json").chmod(0o666)
    with (tmp_path / "secrets.json").open() as spy:  # by one who could open it until now
        held = secrets_of(tmp_path)
        assert held["jwt"] not in spy.read()
    assert (held["password"], mode(tmp_path / "secrets.json")) == ("kept", 0o600)


@pytest.mark.parametrize("kind", ["link", "dangling", "hard link"])
def test_secrets_are_not_written_through_a_link(tmp_path, kind):
    home, other = tmp_path / "home", tmp_path / "other"
    home.mkdir()
    for name in ("secrets.json", "passwords.json"):
        if kind != "dangling":
            other.write_text('{"password": "planted"}')
        (home / name).hardlink_to(other) if kind == "hard link" else (home / name).symlink_to(other)
    held = secrets_of(home)
    environment(Site(tmp_path, tmp_path, home), 1)
    assert other.exists() == (kind != "dangling")
    assert not other.exists() or other.read_text() == '{"password": "planted"}'
    for name in ("secrets.json", "passwords.json"):
        assert not (home / name).is_symlink()
        assert mode(home / name) == 0o600
    # What a link leads to is not believed either; a file is what an earlier start left.
    assert (held["password"] == "planted") == (kind == "hard link")
    assert secrets_of(home) == held


def test_each_machine_makes_a_password_of_its_own(tmp_path):
    assert secrets_of(tmp_path / "a")["password"] != secrets_of(tmp_path / "b")["password"]
    assert secrets_of(tmp_path / "a") == secrets_of(tmp_path / "a")
