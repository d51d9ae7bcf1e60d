"""What a worker does when another model is to be live."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from small_rule import Rule, packaged, point

from include.pipeline.child import files
from include.serving.counts import Counts
from include.serving.following import Following, check_model
from include.serving.hashes import file_sha256
from include.serving.live import Live
from include.serving.manifest import version_of
from include.serving.pointer import FILE

pytestmark = pytest.mark.usefixtures("counted_alone")


@pytest.fixture
def following(tmp_path: Path, live: Path) -> Following:
    """A worker whose own model has a rate of 0.1, while nothing is said to be live."""
    made = Following(packaged(tmp_path / "own", 0.1), Rule.read, Counts("sold"))
    made.look()
    return made


def rates(live: Live) -> tuple[float, float | None]:
    challenger: Any = live.challenger.model if live.challenger else None
    champion: Any = live.champion.model
    return champion.rate, challenger and challenger.rate


def count(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(f"leeway_{name}", labels)


def test_the_pair_follows_the_file(following: Following, live: Path) -> None:
    assert rates(following.live) == (0.1, None)
    for pair in ({"champion": 0.2}, {"champion": 0.2, "challenger": 0.3}, {"champion": 0.3}):
        point(live, **pair)
        following.look()
        assert rates(following.live) == (pair["champion"], pair.get("challenger"))
        assert following.live.champion.registered == f"v{pair['champion']}"
    assert count("swaps_total", role="champion") == 2
    version = following.live.champion.version
    assert count("model_info", version=version, registered="v0.3", role="champion") == 1
    assert count("model_info", version=version, registered="v0.3", role="challenger") == 0


def test_a_request_keeps_the_pair_that_it_began_with(following: Following, live: Path) -> None:
    began = following.live
    point(live, champion=0.2, challenger=0.3)
    following.look()
    assert rates(began) == (0.1, None)


def test_a_challenger_that_becomes_champion_is_not_loaded_again(
    following: Following, live: Path
) -> None:
    point(live, champion=0.2, challenger=0.3)
    following.look()
    challenger = following.live.challenger
    (live / "0.3/src/model/rate.txt").unlink()
    point(live, champion=0.3)
    following.look()
    assert following.live.champion is challenger


def test_a_file_that_did_not_change_is_not_read(following: Following, live: Path) -> None:
    point(live, champion=0.2)
    following.look()
    held = following.live
    (live / "0.2/src/model/rate.txt").unlink()
    following.look()
    assert following.live is held


def test_where_nothing_is_champion_any_more_the_last_one_goes_on(
    following: Following, live: Path
) -> None:
    point(live, champion=0.2)
    following.look()
    point(live)
    following.look()
    assert rates(following.live) == (0.2, None)


def other_bytes(bento: Path) -> None:
    (bento / "src/model/rate.txt").write_text("0.9")


def other_answers(bento: Path) -> None:
    path = bento / "src/model/manifest.json"
    path.unlink()
    (bento / "src/model/rate.txt").unlink()
    (bento / "src/model").rmdir()
    packaged(bento, 0.3, probe=0.4)


def no_model(bento: Path) -> None:
    """A bug of whoever wrote it: no number in the file, whose hash is right."""
    path = bento / "src/model/manifest.json"
    manifest = json.loads(path.read_text())
    (bento / "src/model/rate.txt").write_text("many")
    manifest["files"]["model/rate.txt"]["sha256"] = file_sha256(bento / "src/model/rate.txt")
    path.write_text(json.dumps({**manifest, "version": version_of(manifest)}))


REFUSED = {
    "wrong bytes": (other_bytes, "model/rate.txt in the bento is not the file that was packaged."),
    "other answers here": (other_answers, "Probabilities here differ by 1.0e-01"),
    "a bug": (no_model, "could not convert string to float: 'many'"),
    "not there": (
        lambda bento: (bento / "src/model/manifest.json").unlink(),
        "holds no manifest.json",
    ),
}


@pytest.mark.parametrize(("spoil", "said"), REFUSED.values(), ids=REFUSED)
def test_a_model_that_is_not_what_it_should_be_is_refused_and_the_old_one_answers(
    following: Following, live: Path, caplog: pytest.LogCaptureFixture, spoil: Any, said: str
) -> None:
    point(live, champion=0.2, challenger=0.3)
    following.look()
    packaged(live / "0.4", 0.4)
    spoil(live / "0.4")
    with caplog.at_level(logging.ERROR):
        point(live, champion=0.4, challenger=0.3)
        following.look()
        point(live, champion=0.2, challenger=0.4)
        following.look()
    assert rates(following.live) == (0.2, None)
    assert count("swaps_refused_total", role="champion") == 1
    assert count("swaps_refused_total", role="challenger") == 1
    assert "The new champion is refused: " in caplog.text
    assert said in caplog.text


def test_a_model_that_was_refused_is_taken_once_it_is_whole(
    following: Following, live: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    point(live, champion=0.2)
    (live / "0.2").rename(live / "late")
    following.look()
    (live / "late").rename(live / "0.2")
    following.look()
    assert rates(following.live) == (0.1, None)  # not a thousand times an hour
    monkeypatch.setattr("include.serving.following.AGAIN_S", 0.0)
    point(live, champion=0.3)
    (live / "0.3").rename(live / "late")
    for _ in range(3):
        following.look()
    assert count("swaps_refused_total", role="champion") == 2  # of each model once
    (live / "late").rename(live / "0.3")
    following.look()
    assert rates(following.live) == (0.3, None)


def test_a_model_that_nobody_could_unpack_is_counted_once(
    following: Following, live: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for rate in (0.2, 0.3):
        point(live, champion=0.2, challenger=rate)
        pointer = json.loads((live / FILE).read_text())
        text = json.dumps({**pointer, "refused": {"champion": "v9 is damaged."}})
        files.write(live / FILE, text)
        following.look()
    assert count("swaps_refused_total", role="champion") == 1
    assert "The new champion is refused: v9 is damaged." in caplog.text


def test_a_file_that_cannot_be_read_changes_nothing(
    following: Following, live: Path, caplog: pytest.LogCaptureFixture
) -> None:
    point(live, champion=0.2)
    following.look()
    (live / FILE).write_text("{")
    following.look()
    assert rates(following.live) == (0.2, None)
    assert f"{live}/live.json does not say which model is live: " in caplog.text


def test_a_worker_that_starts_while_the_champion_is_broken_has_its_own_model(
    tmp_path: Path, live: Path
) -> None:
    own = packaged(tmp_path / "own", 0.1)
    point(live, champion=0.2)
    other_bytes(live / "0.2")
    check_model(own)
    made = Following(own, Rule.read, Counts("sold"))
    made.look()
    assert rates(made.live) == (0.1, None)
    assert count("swaps_refused_total", role="champion") == 1
