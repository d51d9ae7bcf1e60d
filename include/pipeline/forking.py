"""What a DVC process needs, for those who fork it: else each fork imports it anew, in 0.2 s."""

import importlib
import importlib.util

# DVC, and what it imports, wait to import these until they are needed.
ON_DEMAND = (
    "configobj",
    "dulwich.ignore",
    "dulwich.index",
    "dulwich.worktree",
    "dvc.cachemgr",
    "dvc.data_cloud",
    "dvc.dirs",
    "dvc.repo.artifacts",
    "dvc.repo.datasets",
    "dvc.repo.graph",
    "dvc.repo.index",
    "dvc.repo.metrics.show",
    "dvc.repo.open_repo",
    "dvc.repo.params.show",
    "dvc.repo.plots",
    "dvc.repo.reproduce",
    "dvc.repo.stage",
    "dvc.repo.trie",
    "dvc.rwlock",
    "dvc.utils.strictyaml",
    "dvc_data.hashfile._progress",
    "dvc_data.hashfile.db.local",
    "dvc_data.hashfile.status",
    "dvc_data.index.checkout",
    "encodings.idna",
    "fsspec.implementations.memory",
    "networkx",
    "pyparsing",
    "ruamel.yaml",
    "ruamel.yaml.mergevalue",
    "setproctitle",
)
OURS = (
    "child.__main__",
    "closing.close_run",
    "judge.__main__",
    "opening.open_run",
    "yaml_text",
)


def prepare() -> None:
    """Import all that the DVC processes of a run need, if there is DVC."""
    if importlib.util.find_spec("dvc"):
        for name in (*ON_DEMAND, *(f"{__package__}.{one}" for one in OURS)):
            importlib.import_module(name)
