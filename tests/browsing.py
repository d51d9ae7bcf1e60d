"""A headless browser that is logged in to Airflow: Debian's chromium, driven by Playwright."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, sync_playwright

# Root may not use chromium's sandbox, and it sees pages of this machine alone. The rest keeps it
# from calling home.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str | None:
    """Where the browser is, if there is one."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def signed_in(url: str, password: str, wait_s: float = 60, scale: float = 1) -> Iterator[Page]:
    """A page of the UI, after the login form.

    Args:
        wait_s: most seconds that a step waits for what it looks for.
        scale: pixels of a picture per pixel of the page.
    """
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium(), args=FLAGS)
        page = browser.new_page(
            viewport={"width": 1280, "height": 800},
            device_scale_factor=scale,
            locale="en-US",
            timezone_id="UTC",
        )
        page.set_default_timeout(wait_s * 1000)
        page.goto(url)
        page.locator("input[name=username]").fill("admin")
        page.locator("input[name=password]").fill(password)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_test_id("nav-dags-link").first.wait_for()
        try:
            yield page
        finally:
            browser.close()
