"""What forks of a prepared process import themselves: nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path

# Each fork says as it ends which modules it has that it did not begin with.
RUNS = """
import json, os, sys
from pathlib import Path

import small_git
from include.pipeline import forking
from include.pipeline.closing.close_run import close_run
from include.pipeline.opening.open_run import open_run
from include.pipeline.reproduce import reproduce

folder, begun, end = Path.cwd(), set(), os._exit

def say(status):
    with (folder / "said").open("a") as file:
        print(json.dumps(sorted(sys.modules.keys() - begun)), file=file)
    end(status)

os.register_at_fork(after_in_child=lambda: begun.update(sys.modules))
os._exit = say
forking.prepare()
repo, home = small_git.make(folder / "repo"), folder / "home"
for run_id, times in (("one", 2), ("two", 3)):
    values = {"shout.times": times}
    run = open_run(repo, run_id, params=values, targets=["."], plan_key=None, home=home)
    for stage in run.stages:
        reproduce(run, stage, log=lambda line: None)
    close_run(run, home)
"""


def test_a_dvc_process_of_a_run_imports_nothing_that_was_prepared(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    environment |= {"DVC_SITE_CACHE_DIR": str(tmp_path / "site"), "DVC_NO_ANALYTICS": "1"}
    subprocess.run([sys.executable, "-c", RUNS], cwd=tmp_path, env=environment, check=True)
    said = [json.loads(line) for line in (tmp_path / "said").read_text().splitlines()]
    assert len(said) > 12
    assert {name for names in said for name in names} == set()
