"""What a container and a pod of a stage are made of: plain data, compared whole.

Long because containers and pods are compared whole, as plain data.
"""

import ast
import hashlib
import json
import os
import sys
import zipfile
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from kubernetes.client import ApiClient
from small_git import shell

from include.errors import PipelineError
from include.pipeline.asking import OrderRefused, answer_in
from include.pipeline.child.orders import MOST, Made, Reproduce, Terms
from include.pipeline.places.container import command_of, user_of
from include.pipeline.places.docker import docker_arguments, on_host
from include.pipeline.places.mounts import Mount, folders_of
from include.pipeline.places.pod import label, mounted, pod_manifest, pod_name
from include.pipeline.places.registry import RUNNERS, RUNTIMES, runner_of
from include.pipeline.places.where import Contained, Where
from include.pipeline.workspace import marker_of

LABELS = {"dag": "flights", "run": "flights.manual__1", "stage": "train@big", "try": "2"}
FOLDERS = [
    Mount("/home/runs/one", "rw"),
    Mount("/repo/.dvc/cache", "rw"),
    Mount("/repo/.git", "ro", "/home/shown/git"),
]
VOLUMES = ["claim:/home", "other:/repo"]
COMMAND = ["python3", "child.pyz", "{}"]
WORKSPACE = Path("/home/runs/one")
GPU = Where(
    "docker",
    "leeway/step-gpu",
    cpus=1.5,
    memory_gb=16,
    gpus=1,
    user="1000:1000",
    environment=("TOKEN", "ABSENT"),
    node_selector=(("pool", "a100"),),
    tolerations=((("key", "gpu"), ("operator", "Exists")),),
)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "secret")
    monkeypatch.delenv("ABSENT", raising=False)


def test_a_container_has_no_root_no_network_no_writable_system_and_only_what_it_asked_for():
    assert docker_arguments(GPU, COMMAND, WORKSPACE, FOLDERS, LABELS) == {
        "image": "leeway/step-gpu",
        "command": COMMAND,
        "working_dir": "/home/runs/one",
        "user": "1000:1000",
        "labels": {
            "leeway.dag": "flights",
            "leeway.run": "flights.manual__1",
            "leeway.stage": "train@big",
            "leeway.try": "2",
        },
        "environment": {
            "HOME": "/tmp",
            "USER": "leeway",
            "DVC_NO_ANALYTICS": "1",
            "DVC_SITE_CACHE_DIR": "/home/runs/one/.dvc/tmp/site-cache",
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
            "TOKEN": "secret",
        },
        "volumes": {
            "/home/runs/one": {"bind": "/home/runs/one", "mode": "rw"},
            "/repo/.dvc/cache": {"bind": "/repo/.dvc/cache", "mode": "rw"},
            "/home/shown/git": {"bind": "/repo/.git", "mode": "ro"},
        },
        "network_mode": "none",
        "read_only": True,
        "tmpfs": {"/tmp": "mode=1777,exec"},
        "shm_size": "1g",
        "init": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "nano_cpus": 1_500_000_000,
        "mem_limit": 16_000_000_000,
        "device_requests": [{"Driver": "nvidia", "Count": 1, "Capabilities": [["gpu"]]}],
    }


def test_a_stage_that_asks_for_nothing_has_no_limit_and_no_gpu():
    made = docker_arguments(Where("docker", "image"), COMMAND, WORKSPACE, FOLDERS, LABELS)
    assert not {"nano_cpus", "mem_limit", "device_requests"} & made.keys()


def test_the_network_is_there_for_a_stage_that_says_so():
    where = Where("docker", "image", network="bridge")
    made = docker_arguments(where, COMMAND, WORKSPACE, FOLDERS, LABELS)
    assert made["network_mode"] == "bridge"


def test_a_folder_is_named_as_the_engine_knows_it():
    held = {Path("/home"): Path("/volumes/leeway"), Path("/repo"): Path("/volumes/repo")}
    made = docker_arguments(
        Where("docker", "image"),
        COMMAND,
        WORKSPACE,
        FOLDERS,
        LABELS,
        partial(on_host, held),
    )
    assert made["volumes"] == {
        "/volumes/leeway/runs/one": {"bind": "/home/runs/one", "mode": "rw"},
        "/volumes/repo/.dvc/cache": {"bind": "/repo/.dvc/cache", "mode": "rw"},
        "/volumes/leeway/shown/git": {"bind": "/repo/.git", "mode": "ro"},
    }


def test_a_folder_that_only_the_worker_sees_says_what_to_do():
    with pytest.raises(PipelineError, match=r"/home/runs/one is in the .* alone.*\n  Next: mount"):
        on_host({Path("/other"): Path("/volumes/other")}, "/home/runs/one")


def test_no_step_is_root_even_where_the_worker_is(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert user_of(Where("docker", "image")) == "50000:0"
    monkeypatch.setattr(os, "geteuid", lambda: 1234)
    monkeypatch.setattr(os, "getegid", lambda: 99)
    assert user_of(Where("docker", "image")) == "1234:99"


def test_a_pod_asks_for_gpus_and_tolerates_what_meta_says():
    """Long because a pod is compared whole."""
    where = Where.from_json({**GPU.to_json(), "volumes": VOLUMES, "runtime": "kubernetes"})
    assert pod_manifest(where, COMMAND, WORKSPACE, FOLDERS, LABELS) == {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "leeway-train-big-"
            + hashlib.sha256(
                b"('claim:/home', 'other:/repo') /home/runs/one flights.manual__1 train@big"
            ).hexdigest()[:12],
            "namespace": "default",
            "labels": {
                "leeway.dag": "flights",
                "leeway.run": "flights.manual__1",
                "leeway.stage": "train-big",
                "leeway.try": "2",
                "leeway.network": "false",
            },
            "annotations": {
                "leeway.dag": "flights",
                "leeway.run": "flights.manual__1",
                "leeway.stage": "train@big",
                "leeway.try": "2",
            },
        },
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "nodeSelector": {"pool": "a100"},
            "tolerations": [{"key": "gpu", "operator": "Exists"}],
            "containers": [
                {
                    "name": "step",
                    "image": "leeway/step-gpu",
                    "command": COMMAND,
                    "workingDir": "/home/runs/one",
                    "env": [
                        {"name": "DVC_NO_ANALYTICS", "value": "1"},
                        {
                            "name": "DVC_SITE_CACHE_DIR",
                            "value": "/home/runs/one/.dvc/tmp/site-cache",
                        },
                        {"name": "GIT_CONFIG_COUNT", "value": "1"},
                        {"name": "GIT_CONFIG_KEY_0", "value": "safe.directory"},
                        {"name": "GIT_CONFIG_VALUE_0", "value": "*"},
                        {"name": "HOME", "value": "/tmp"},
                        {"name": "PYTHONDONTWRITEBYTECODE", "value": "1"},
                        {"name": "PYTHONUNBUFFERED", "value": "1"},
                        {"name": "TOKEN", "value": "secret"},
                        {"name": "USER", "value": "leeway"},
                    ],
                    "resources": {
                        "requests": {"cpu": "1.5", "memory": "16000M", "nvidia.com/gpu": "1"},
                        "limits": {"cpu": "1.5", "memory": "16000M", "nvidia.com/gpu": "1"},
                    },
                    "securityContext": {
                        "runAsNonRoot": True,
                        "runAsUser": 1000,
                        "runAsGroup": 1000,
                        "readOnlyRootFilesystem": True,
                        "allowPrivilegeEscalation": False,
                        "capabilities": {"drop": ["ALL"]},
                    },
                    "volumeMounts": [
                        {
                            "name": "volume-0",
                            "mountPath": "/home/runs/one",
                            "readOnly": False,
                            "subPath": "runs/one",
                        },
                        {
                            "name": "volume-1",
                            "mountPath": "/repo/.dvc/cache",
                            "readOnly": False,
                            "subPath": ".dvc/cache",
                        },
                        {
                            "name": "volume-0",
                            "mountPath": "/repo/.git",
                            "readOnly": True,
                            "subPath": "shown/git",
                        },
                        {"name": "tmp", "mountPath": "/tmp"},
                        {"name": "shm", "mountPath": "/dev/shm"},
                    ],
                }
            ],
            "volumes": [
                {"name": "volume-0", "persistentVolumeClaim": {"claimName": "claim"}},
                {"name": "volume-1", "persistentVolumeClaim": {"claimName": "other"}},
                {"name": "tmp", "emptyDir": {}},
                {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}},
            ],
        },
    }


def test_a_pod_without_a_claim_says_what_to_set():
    with pytest.raises(PipelineError, match=r"no volume.*\n  Next: set AIRFLOW__LEEWAY__VOLUMES"):
        pod_manifest(Where("kubernetes", "image"), COMMAND, WORKSPACE, FOLDERS, LABELS)


def test_a_folder_that_is_in_no_claim_says_what_to_set():
    where = Where("kubernetes", "image", volumes=("claim:/home",))
    with pytest.raises(PipelineError, match=r"/repo/\.dvc/cache is in no claim of .* \(claim\)\."):
        pod_manifest(where, COMMAND, WORKSPACE, FOLDERS, LABELS)


def test_of_two_claims_the_nearer_one_holds_a_folder():
    names = {"a": "volume-0", "b": "volume-1"}
    held = mounted(Mount("/leeway/home/x", "rw"), {"a": "/leeway", "b": "/leeway/home"}, names)
    assert (held["name"], held["subPath"]) == ("volume-1", "x")


@pytest.mark.parametrize(
    ("below", "within"),
    [("", []), ("projects/one", ["projects", "projects/one"])],
    ids=["at git's root", "in a subfolder"],
)
def test_what_git_and_dvc_obey_is_not_for_a_step_to_write(tmp_path, below, within):
    shell(tmp_path, "git", "init", "--quiet")
    (tmp_path / below).mkdir(parents=True, exist_ok=True)
    top = Path("/runs/one")
    folders = folders_of(top / below, top, Path("/cache"), tmp_path / below)
    assert folders == [
        Mount("/runs/one", "rw"),
        *(Mount(f"/runs/one/{path}", "rw") for path in within),
        Mount("/runs/one/.git", "ro"),
        Mount(str(top / below / ".dvc"), "ro"),
        Mount(str(top / below / ".dvc/tmp"), "rw"),
        Mount("/cache", "rw"),
        Mount("/cache/runs", "ro"),
        Mount(str(tmp_path / ".git/objects"), "ro"),
    ]


def test_a_container_has_the_objects_that_a_clone_of_a_clone_needs(repo, tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    shell(tmp_path, "git", "clone", "--quiet", "--shared", str(repo), str(one))
    shell(tmp_path, "git", "clone", "--quiet", "--shared", str(one), str(two))
    mounts = folders_of(two, two, tmp_path / "cache", one)
    lent = [mount.path for mount in mounts if mount.path.endswith("objects")]
    assert lent == [str(one / ".git/objects"), str(repo / ".git/objects")]


def test_a_container_reads_no_login(repo, tmp_path):
    text = "[core]\n    remote = store\n    no_scm = false\n['remote \"store\"']\n"
    text += "    url = s3://data\n    secret_access_key = hunter2\n[studio]\n    token = hunter2\n"
    (repo / ".dvc/config.local").write_text(text)
    shell(repo, "git", "remote", "add", "origin", "https://me:hunter2@example.org/x.git")
    shell(repo, "git", "config", "filter.lfs.smudge", 'git-lfs smudge -- "%f"')
    marker_of(repo).parent.mkdir()
    marker_of(repo).write_text('{"url": "https://me:hunter2@example.org"}')
    mounts = folders_of(repo, repo, tmp_path / "cache", repo)
    shown = {Path(m.path).name: Path(m.source).read_text() for m in mounts if m.source}
    assert shown.keys() == {"config", "config.local", "run.json"}
    assert "hunter2" not in str(shown) and "store" not in str(shown)
    assert "no_scm = false" in shown["config.local"]
    seen = tmp_path / "seen"
    shell(tmp_path, "git", "clone", "--quiet", "--shared", str(repo), str(seen))
    (seen / ".git/config").write_text(shown["config"])
    assert shell(seen, "git", "config", "filter.lfs.smudge").strip() == 'git-lfs smudge -- "%f"'
    assert shell(seen, "git", "rev-parse", "HEAD") == shell(repo, "git", "rev-parse", "HEAD")


@pytest.mark.parametrize("user", ["0:0", "0", "leeway", "1000:x"])
def test_a_user_that_is_root_or_no_number_is_refused(user):
    with pytest.raises(
        PipelineError, match=r"no number of a user, or that of root|set it to UID:GID"
    ):
        user_of(Where("docker", "image", user=user))


def test_names_in_a_cluster_are_plain():
    assert label("train@größe") == "train-gr--e"
    assert pod_name({"place": "", "run": "one", "stage": "größe"}).isascii()


def test_a_long_label_is_cut_and_stays_unlike_others():
    one, two = (label("x" * 70 + end) for end in "ab")
    assert len(one) == 63
    assert one != two


def test_a_pod_says_nothing_that_kubernetes_does_not_know():
    where = Where.from_json({**GPU.to_json(), "volumes": VOLUMES, "runtime": "kubernetes"})
    manifest = pod_manifest(where, COMMAND, WORKSPACE, FOLDERS, LABELS)
    client = ApiClient()
    pod = client.deserialize(SimpleNamespace(data=json.dumps(manifest)), "V1Pod")
    assert client.sanitize_for_serialization(pod) == manifest


def test_where_survives_its_way_through_json():
    assert Where.from_json(json.loads(json.dumps(GPU.to_json()))) == GPU


def test_what_runs_in_a_container_needs_nothing_but_dvc(tmp_path):
    step = Reproduce("a", True, True, "r.json", None, None)
    order = Contained(step, GPU, {}, tmp_path, tmp_path, tmp_path, tmp_path)
    python, file, message = command_of(order, Terms("r", 7, True, 1))
    told = json.loads(message)
    assert (python, told["terms"]["parent"], told["kind"]) == ("python3", 0, "Reproduce")
    # What goes over the network is done around the container, not in it.
    assert (told["order"]["remote"], told["order"]["fetch"]) == (False, False)
    with zipfile.ZipFile(file) as held:
        trees = [ast.parse(held.read(name)) for name in held.namelist()]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    named = {a.name for node in nodes if isinstance(node, ast.Import) for a in node.names}
    named |= {n.module or "" for n in nodes if isinstance(n, ast.ImportFrom) and not n.level}
    others = {name.split(".")[0] for name in named} - sys.stdlib_module_names
    assert others == {"dvc", "dvc_data", "dvc_objects", "leeway_child"}


def test_what_a_container_answers_is_held_to_what_was_asked(tmp_path):
    step, file = Reproduce("a", False, False, "", None, None), tmp_path / "answer"
    answer = {"status": 0, "made": {"read": {}, "start": {}, "entry": {"cmd": "a"}}}
    file.write_text(json.dumps({"answer": answer}))
    assert answer_in(file, step).made == Made({}, {}, {"cmd": "a"})
    file.write_text(json.dumps({"refusal": {"what": "no", "fix": "do", "again": "b"}}))
    with pytest.raises(OrderRefused, match="no\n  Next: do") as refused:
        answer_in(file, step)
    assert refused.value.again == "b"


FORGED = {
    "nothing": lambda file: file.touch(),
    "no text": lambda file: file.write_bytes(b"\xff"),
    "a list": lambda file: file.write_text("[]"),
    "lists in lists": lambda file: file.write_text("[" * 100_000),
    "another type": lambda file: file.write_text('{"answer": {"status": "ended"}}'),
    "no refusal": lambda file: file.write_text('{"refusal": 1}'),
    "a folder": lambda file: file.mkdir(),
    "a pipe": os.mkfifo,
    "a link": lambda file: file.symlink_to("/etc/hostname"),
    "too much": lambda file: os.truncate(os.open(file, os.O_CREAT | os.O_RDWR), MOST + 1),
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED.keys())
def test_a_forged_answer_is_none(tmp_path, forge):
    forge(tmp_path / "answer")
    with pytest.raises(PipelineError, match="answered cannot be read"):
        answer_in(tmp_path / "answer", Reproduce("a", False, False, "", None, None))


def test_each_runtime_has_what_runs_it():
    assert {"process", *RUNNERS} == {*RUNTIMES}
    assert all(callable(runner_of(name)) for name in RUNNERS)
