"""What each service of the compose files may do, also of the profiles that no test brings up."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FILES = ("docker-compose.yaml", "containers/compose.apart.yaml")
SERVICES = {
    name: held
    for file in FILES
    for name, held in yaml.safe_load((ROOT / file).read_text())["services"].items()
    if "image" in held  # others add to a service of the first file
}
ONCE = {"repository", "airflow-init", "repository-worker", "repository-gpu"}  # these end
SERVERS = {name: held for name, held in SERVICES.items() if name not in ONCE}
EACH = pytest.mark.parametrize("name", SERVICES)


@EACH
def test_nothing_runs_as_root_or_may_become_more_than_it_is(name):
    held = SERVICES[name]
    user, _, _ = held["user"].partition(":")
    assert int(user) > 0
    assert held["cap_drop"] == ["ALL"]
    assert held["security_opt"] == ["no-new-privileges:true"]


@EACH
def test_an_image_is_ours_or_of_a_version(name):
    image = SERVICES[name]["image"]
    assert image.startswith("leeway/") or re.search(r":[\w.-]*\d", image)


@EACH
def test_what_is_published_is_on_loopback(name):
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


@EACH
def test_no_secret_is_on_a_command_line(name):
    said = str(SERVICES[name].get("command", "")) + str(SERVICES[name].get("healthcheck", ""))
    assert not re.findall(r"\$\{\w*(?:PASSWORD|KEY|SECRET|TOKEN)", said)


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_is_started_again_and_says_whether_it_works(name):
    assert SERVERS[name]["restart"] == "unless-stopped"
    assert SERVERS[name]["healthcheck"]["test"]


def test_each_value_that_is_asked_of_env_is_in_its_example():
    texts = [(ROOT / file).read_text() for file in (*FILES, "containers/compose.steps.yaml")]
    asked = set(re.findall(r"\$\{(\w+)", "".join(texts)))
    named = set(re.findall(r"(?m)^(\w+)=", (ROOT / ".env.example").read_text()))
    optional = {"LEEWAY_SERVE_ARTIFACT"}  # which of several; the root has one
    assert asked - named == optional


def test_a_server_for_language_models_is_asked_by_the_other_services_alone():
    servers = {name: held for name, held in SERVICES.items() if name.startswith("inference")}
    assert {name: held["profiles"] for name, held in servers.items()} == {
        "inference": ["inference"],
        "inference-gpu": ["inference-gpu"],
    }
    for held in servers.values():
        assert "ports" not in held and held["read_only"]
        [models] = held["volumes"]
        assert models.endswith(":ro")
        assert [key for key, value in held["environment"].items() if "MODEL_API_KEY" in value]
    [device] = servers["inference-gpu"]["deploy"]["resources"]["reservations"]["devices"]
    assert device["capabilities"] == ["gpu"]
    assert servers["inference-gpu"]["networks"] == {"default": {"aliases": ["inference"]}}
