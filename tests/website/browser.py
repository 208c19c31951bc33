"""The browser of these tests, signed in as one of `served`'s users."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from playwright.sync_api import Browser, Page
from playwright.sync_api import Error as PlaywrightError

import local.browser
from tests.website.served import PASSWORD


@contextmanager
def chromium_or_skip() -> Iterator[Browser]:
    """A browser; skips, loudly, where there is none."""
    with ExitStack() as stack:
        try:
            browser = stack.enter_context(local.browser.chromium())
        except PlaywrightError as error:
            cause = str(error).splitlines()[0]
            pytest.skip(f"NOT TESTED IN A BROWSER: {cause} (apt-get install chromium)")
        yield browser


def sign_in(page: Page, address: str, name: str) -> None:
    """As a person does it; ends on the list of alerts."""
    local.browser.sign_in(page, address, name, PASSWORD)
