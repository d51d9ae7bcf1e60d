"""A repository without DAG files has a DAG all the same, and nothing that git would show."""

from pathlib import Path

import pytest
from small_git import shell

from include.airflow_site import default_dag
from include.airflow_site.settings import Site, prepare


def test_the_default_is_the_whole_graph_under_the_name_of_the_folder(repo):
    site = Site.of(repo)
    prepare(site.home)
    default_dag.write(site)
    assert site.dags == repo / ".airflow/dags"
    [file] = site.dags.iterdir()
    assert file.read_text().splitlines()[-1] == (
        f"pipeline_dag('repo', repo={str(repo)!r}, targets=[\".\"])"
    )
    assert shell(repo, "git", "status", "--porcelain", "--untracked-files=all") == ""


def test_it_is_a_dag(repo):
    from airflow.dag_processing.dagbag import DagBag

    site = Site.of(repo)
    prepare(site.home)
    default_dag.write(site)
    bag = DagBag(str(site.dags), bundle_path=site.dags, bundle_name="any", safe_mode=True)
    assert (list(bag.dags), bag.import_errors) == (["repo"], {})
    assert len(bag.dags["repo"].tasks) == 9 + 2


def test_the_users_own_dags_go_before_it(tmp_path):
    (tmp_path / "dags/team").mkdir(parents=True)
    (tmp_path / "dags/README.md").touch()
    assert Site.of(tmp_path).drawn
    (tmp_path / "dags/team/own.py").touch()
    site = Site.of(tmp_path)
    assert (site.drawn, site.dags) == (False, tmp_path / "dags")
    default_dag.write(site)
    assert not site.home.exists()


@pytest.mark.parametrize(
    ("folder", "name"),
    [("my repo", "my-repo"), ("Flüge (2)", "Fl-ge-2"), ("a.b_c-d", "a.b_c-d"), ("§", "pipeline")],
)
def test_a_folder_of_any_name_gives_a_name_that_airflow_takes(folder, name):
    assert default_dag.id_of(Path(folder).name) == name
