"""A registry whose versions are real bentos of tiny models, and servers that follow it."""

import json
import shutil
import subprocess
import tarfile
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import tiny_models
from parity import dvc_
from small_git import commit, init, shell
from tiny_bento import TABLE, lay_out, package

from include.flights import columns
from include.flights.models.encoding import Encoder
from include.pipeline.registry.writing import register

ARTIFACT = "flight_delays"
PATH = "bento/flight_delays.bento"


@dataclass
class Served:
    """A server that follows a registry."""

    process: "subprocess.Popen[bytes]"
    port: int
    log: Path
    members: list[psutil.Process] = field(default_factory=list)

    @property
    def said(self) -> str:
        """What it has printed so far."""
        return self.log.read_text()

    def family(self) -> list[psutil.Process]:
        """All of its processes that are still there, those of an earlier look included."""
        if self.process.poll() is None:
            parent = psutil.Process(self.process.pid)
            self.members = [parent, *parent.children(recursive=True)]
        return [one for one in self.members if one.is_running() and one.status() != "zombie"]


def bento_of(folder: Path, trees: int, torch: float = 0.0) -> Path:
    """A bento of so many trees, and with a network where it has a weight."""
    root = lay_out(folder, {"xgboost": 1.0 - torch} | ({"torch": torch} if torch else {}))
    encoder = Encoder.fit(TABLE, columns.names("number"), columns.names("category"))
    tiny_models.train_xgboost(TABLE, encoder, root / "models" / "xgboost", rounds=trees)
    return package(root)


def name_of(bento: Path) -> str:
    """How the model of a bento calls itself."""
    with tarfile.open(bento, "r:xz") as archive:
        file = archive.extractfile("src/model/manifest.json")
        assert file is not None
        manifest = json.load(file)
    return f"{manifest['name']}:{manifest['version']}"


def repository(root: Path, bentos: list[Path]) -> Path:
    """A repository with a version of each bento, v0.0.1 and on."""
    root.mkdir(parents=True)
    init(root, "--initial-branch=main")
    for key, value in {"user.name": "Ann", "user.email": "ann@localhost"}.items():
        shell(root, "git", "config", key, value)
    (root / "dvc.yaml").write_text(f"artifacts:\n  {ARTIFACT}: {{path: {PATH}, type: model}}\n")
    (root / "bento").mkdir()
    for number, bento in enumerate(bentos, 1):
        shutil.copy(bento, root / PATH)
        dvc_(root, "add", "--quiet", PATH)
        commit(root, f"model {number}")
        sha = shell(root, "git", "rev-parse", "HEAD").strip()
        shell(root, "git", "update-ref", f"refs/exps/00/{sha[2:]}/model-{number}", sha)
        register(root, ARTIFACT, f"model-{number}")
    return root
