"""What a first visit costs, and each later page."""

from __future__ import annotations

import re

import pytest

from .visitor import Visitor

GZIP = {"Accept-Encoding": "gzip, deflate, br"}


@pytest.mark.panel
def test_a_first_visit_is_a_page_and_at_most_8_files_of_45_kilobytes(visitor: Visitor) -> None:
    page = visitor.client.get("/", headers=GZIP)
    urls = set(re.findall(r'<(?:script|link|img|use)[^>]*\s(?:src|href)="([^"#]+)', page.text))
    files = {url: len(visitor.client.get(url, headers=GZIP, buffered=True).data) for url in urls}

    assert len(urls) <= 8
    assert all(url.startswith("/static/") for url in urls)
    assert len(page.data) + sum(files.values()) <= 45_000
    # Of the scripts, 2,500 are for passkeys, and 500 bring calls into the panel without a jump.
    assert sum(size for url, size in files.items() if ".js" in url) <= 19_000


def files_of(page: str) -> set[str]:
    return set(re.findall(r'<(?:script|link|img|use)[^>]*\s(?:src|href)="([^"#]+)', page))


@pytest.mark.parametrize("path", ["/", "/customer", "/cards", "card"])
def test_a_later_page_is_at_most_3_requests_and_16_kilobytes_besides_the_panel(holder: Visitor, path: str) -> None:
    card_path = str(holder.page.one("a.manage").attrs["href"])
    known = files_of(holder.get("/account").body)

    page = holder.get(card_path if path == "card" else path)
    loads = [str(place.attrs["hx-get"]) for place in page.html.css("[hx-get][hx-trigger^=load]")]
    fragments = [holder.get(url, htmx=True).body for url in loads]

    new = files_of(page.body) - known
    assert len(new | set(loads)) <= 3
    assert sum(len(part.encode()) for part in (page.body, *fragments)) <= 16_000
