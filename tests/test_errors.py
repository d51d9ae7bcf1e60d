"""What every deliberate error looks like."""

import time

import pytest

from include.errors import (
    DataError,
    ParamsError,
    PipelineError,
    PlatformError,
    at_most_ten,
    did_you_mean,
    masked,
)


@pytest.mark.parametrize("kind", [ParamsError, DataError, PipelineError])
def test_an_error_is_a_fact_and_an_order(kind: type[PlatformError]) -> None:
    error = kind("The file has 3 rows.", "add 7 rows.")
    assert isinstance(error, PlatformError)
    assert str(error) == "The file has 3 rows.\n  Next: add 7 rows."
    assert (error.what, error.fix) == ("The file has 3 rows.", "add 7 rows.")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("max_dept", " Did you mean 'max_depth'?"),
        ("rounds", " Did you mean 'rounds'?"),
        ("elephant", ""),
    ],
    ids=["a letter short", "the name itself", "like none"],
)
def test_the_nearest_name_is_offered(name: str, hint: str) -> None:
    assert did_you_mean(name, ["max_depth", "rounds"]) == hint


def test_no_name_is_near_in_an_empty_list() -> None:
    assert did_you_mean("rounds", []) == ""


@pytest.mark.parametrize(
    ("items", "text"),
    [
        (range(0), ""),
        (range(1, 3), "1, 2"),
        (range(1, 11), "1, 2, 3, 4, 5, 6, 7, 8, 9, 10"),
        (range(1, 12), "1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 1 more"),
        (range(1, 2011), "1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2,000 more"),
    ],
    ids=["none", "two", "ten", "eleven", "two thousand and ten"],
)
def test_a_long_list_is_cut_at_ten_and_counted(items: range, text: str) -> None:
    assert at_most_ten(items) == text


SECRET = "s3cr3t"
WITH_SECRETS = {
    "a login": ("https://ann:s3cr3t@host/x", "https://***@host/x"),
    "a password alone": ("redis://:s3cr3t@host:6379/0", "redis://***@host:6379/0"),
    "a token as user": ("clone of https://s3cr3t@host/x.git:", "clone of https://***@host/x.git:"),
    "a token and a word": ("https://s3cr3t:x@host/x", "https://***@host/x"),
    "an @ in it": ("ftp://ann:p@s3cr3t@host/x", "ftp://***@host/x"),
    "a slash in it": ("https://ann:pa/s3cr3t@host/x", "https://***@host/x"),
    "another scheme before": (
        "zip://a::git+https://ann:s3cr3t@h/x",
        "zip://a::git+https://***@h/x",
    ),
    "in quotes": ("url='http://ann:s3cr3t@host:80/x'.", "url='http://***@host:80/x'."),
    "two of them": ("s3://a:s3cr3t@b, s3://c:s3cr3t@d", "s3://***@b, s3://***@d"),
    "a query": ("https://host/x?a=1&token=s3cr3t&b=2", "https://host/x?a=1&token=***&b=2"),
    "a signed URL": ("https://b/x?X-Amz-Signature=s3cr3t", "https://b/x?X-Amz-Signature=***"),
    "a shared key": ("https://b/x?sv=1&sig=s3cr3t.", "https://b/x?sv=1&sig=***"),
    "a setting": ('host:6379,db=0,password="s3cr3t"', 'host:6379,db=0,password="***"'),
    "JSON": (
        '{"aws_secret_access_key": "s3cr3t", "a": 1}',
        '{"aws_secret_access_key": "***", "a": 1}',
    ),
}


@pytest.mark.parametrize(("text", "shown"), WITH_SECRETS.values(), ids=WITH_SECRETS)
def test_no_error_holds_a_secret(text: str, shown: str) -> None:
    assert masked(text) == shown
    error = DataError(text, f"correct {text}")
    assert SECRET not in f"{error} {error!r} {error.args} {error.what} {error.fix}"


@pytest.mark.parametrize(
    "text",
    [
        *("http://host:8080/a@2x.png", "http://[::1]:80/x@y", "ssh://git@host/x", "git@host:x.git"),
        *("http://host:8080", "'http://host:8080' and a@b", "file:///a:b/c@d", "s3://bucket/a@b"),
        "set LEEWAY_REDIS_URL to redis://[user:password@]host:port/number.",
        "export LEEWAY_SERVE_TOKEN=$(openssl rand -hex 32)",
        "the key of the token: 'lost'; image leeway/step:2@sha256:ab12; key=a",
        "https://host/x?month=2013-01&key_column=a",
    ],
)
def test_what_is_no_secret_is_shown(text: str) -> None:
    assert masked(text) == text


@pytest.mark.parametrize(
    "text",
    ["token" * 40_000, "http://" + "a:" * 100_000, "://" * 60_000, "token=" + '"' * 200_000],
    ids=lambda text: text[:9],
)
def test_a_long_line_of_a_step_takes_no_time(text: str) -> None:
    began = time.process_time()
    masked(text)
    assert time.process_time() - began < 2
