"""Reports are shown to who knows the viewer's password."""

import base64

import pytest
import reports
from starlette.testclient import TestClient

LOGIN = base64.b64encode(b"viewer:secret").decode()


@pytest.mark.parametrize(
    ("login", "status"),
    [
        (f"Basic {LOGIN}", 200),
        (f"basic {LOGIN}", 200),
        (f"Bearer {LOGIN}", 401),
        (LOGIN, 401),
        ("Basic", 401),
        ("", 401),
    ],
)
def test_the_login_may_be_written_in_any_case(tmp_path, login: str, status: int):
    pages = TestClient(reports.application(tmp_path, "secret"))
    assert pages.get("/", headers={"Authorization": login}).status_code == status


def test_a_name_that_is_no_text_does_not_hide_the_others(tmp_path):
    run = tmp_path / "flights" / "sunday"
    run.mkdir(parents=True)
    (run / "drift.html").write_text("drift")
    (run / "\udcff.html").write_text("odd")
    pages = TestClient(reports.application(tmp_path, "secret"))
    answer = pages.get("/", headers={"Authorization": f"Basic {LOGIN}"})
    assert (answer.status_code, "drift.html" in answer.text) == (200, True)


def test_each_run_is_listed_by_its_dag_and_its_own_name_with_its_links(tmp_path):
    page = tmp_path / "flights" / "sunday" / "reports" / "drift & more.html"
    page.parent.mkdir(parents=True)
    page.write_text("drift")
    pages = TestClient(reports.application(tmp_path, "secret"))
    login = {"Authorization": f"Basic {LOGIN}"}
    index = pages.get("/", headers=login).text
    assert "<h2>flights/sunday</h2>" in index
    link = index.partition('href="')[2].partition('"')[0]
    assert pages.get(f"/{link}", headers=login).text == "drift"


def test_a_site_is_listed_by_its_first_page_alone(tmp_path):
    run = tmp_path / "shop" / "sunday"
    for name in ("docs/index.html", "docs/more.html", "docs/a/index.html", "docs/b.json", "x.html"):
        (run / name).parent.mkdir(parents=True, exist_ok=True)
        (run / name).write_text("page")
    pages = TestClient(reports.application(tmp_path, "secret"))
    index = pages.get("/", headers={"Authorization": f"Basic {LOGIN}"}).text
    found = [part.partition('"')[0] for part in index.split('href="')[1:]]
    assert found == ["shop/sunday/x.html", "shop/sunday/docs/index.html"]
