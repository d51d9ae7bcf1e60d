"""`make serve`: what is promoted is served within seconds, and no request notices."""

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from live_models import ARTIFACT, PATH, Served, name_of
from loading import ask, load, metric
from real_processes import wait_until
from small_git import shell

from include.pipeline.registry.tags import read
from include.pipeline.registry.writing import promote, roll_back

Start = Callable[..., Served]
TWO_WORKERS = {"BENTOML_CONFIG_OPTIONS": "services.flight_delays.workers=2"}


def line_of(served: Served) -> str:
    """The line that can be pasted, when the server is ready."""
    wait_until(lambda: "\ncurl " in served.said or served.process.poll() is not None, 90)
    return next(line for line in served.said.splitlines() if line.startswith("curl "))


def body_of(line: str) -> bytes:
    return Path(line.split("--data @")[1].split()[0]).read_bytes()


def test_promotions_and_rollbacks_reach_every_worker_and_no_request_fails(
    repo: Path, bentos: list[Path], start: Start
) -> None:
    served = start(repo, **TWO_WORKERS)
    line, one, two, three = line_of(served), *map(name_of, bentos)
    assert "flight_delays has no champion yet" in served.said
    assert f"Until then {repo / PATH} is served, which is not registered." in served.said
    spent = []
    with load(served.port, body_of(line)) as seen:
        spent.append(seen.wait_for(three))
        for version, model in (("v0.0.1", one), ("v0.0.2", two)):
            promote(repo, ARTIFACT, version, "champion")
            spent.append(seen.wait_for(model))
        promote(repo, ARTIFACT, "v0.0.3", "challenger")
        roll_back(repo, ARTIFACT)
        spent.append(seen.wait_for(one))
        wait_until(lambda: metric(served.port, "leeway_shadow_answered_total") > 0, 10)
        spoil(repo, "v0.0.2")
        promote(repo, ARTIFACT, "v0.0.2", "champion")
        wait_until(lambda: "v0.0.2 is live and cannot be had: The file of v0.0.2 is" in served.said)
        refused = 'leeway_swaps_refused_total{role="champion"}'
        wait_until(lambda: metric(served.port, refused) == 2, 10)
        spent.append(seen.wait_for(one))
    assert seen.failed == []
    assert max(spent) < 10, spent
    served.family()
    served.process.kill()  # the server ends with who started it, however that ends
    wait_until(lambda: not served.family(), 30)


def spoil(repo: Path, version: str) -> None:
    """Change the file of a version in the cache, and forget that it was unpacked."""
    registry = read(repo, ARTIFACT)
    md5 = registry.made(registry.version(version))["hash"]
    file = repo / ".dvc/cache/files/md5" / md5[:2] / md5[2:]
    file.chmod(0o644)
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    unpacked = repo / ".dvc/tmp/serving/bentos" / md5
    unpacked.rename(unpacked.with_name("gone"))


def test_the_champion_is_served_and_the_line_that_is_printed_works(
    repo: Path, bentos: list[Path], bare: Path, start: Start, tmp_path: Path
) -> None:
    shell(tmp_path, "git", "clone", "--quiet", str(bare), str(tmp_path / "other"))
    promote(tmp_path / "other", ARTIFACT, "v0.0.2", "champion", "origin")
    served = start(repo, LEEWAY_SERVE_TOKEN="")  # which this clone learns by fetching
    line = line_of(served)
    pasted = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True)
    assert json.loads(pasted.stdout)["model"] == name_of(bentos[1])
    assert served.said.count("Bearer ") == 1  # the token, once
    assert ask(served.port, "/predict", body_of(line))[0] == 401  # for it was made
    bare.rename(bare.with_name("gone.git"))
    wait_until(lambda: "origin gives no news, and is asked again and again: " in served.said, 15)
    assert ask(served.port, "/readyz")[0] == 200
    family = served.family()
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(40) == 0
    assert len(family) > 2 and not served.family()


def ended(served: Served) -> tuple[int, str]:
    return served.process.wait(60), served.said


def test_without_a_model_it_says_what_to_do_and_ends(repo: Path, start: Start) -> None:
    (repo / PATH).unlink()
    assert ended(start(repo)) == (
        1,
        "flight_delays has no champion yet: `leeway registry promote` makes one.\n"
        f"There is no model to serve: no champion, and {repo / PATH} is not there.\n"
        "  Next: run `make run` first, which makes one.\n",
    )


def test_a_champion_that_cannot_be_had_is_said_and_ends_it(repo: Path, start: Start) -> None:
    promote(repo, ARTIFACT, "v0.0.1", "champion")
    md5 = read(repo, ARTIFACT).made(read(repo, ARTIFACT).version("v0.0.1"))["hash"]
    (repo / ".dvc/cache/files/md5" / md5[:2] / md5[2:]).unlink()
    status, said = ended(start(repo))
    assert status == 1
    what = f"The file {md5} of v0.0.1 is in neither DVC's cache nor a remote, for there is none."
    assert said == (
        f"v0.0.1 is live and cannot be had: {what}\n"
        "  Next: run `dvc push` where the version was made.\n"
        "The champion of flight_delays cannot be served.\n"
        "  Next: do as is said above, or promote another version.\n"
    )
