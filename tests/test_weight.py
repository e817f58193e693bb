"""What a first visit costs."""

from __future__ import annotations

import re

import pytest

from .visitor import Visitor

GZIP = {"Accept-Encoding": "gzip, deflate, br"}


@pytest.mark.panel
def test_a_first_visit_is_a_page_and_at_most_8_files_of_46_kilobytes(visitor: Visitor) -> None:
    page = visitor.client.get("/", headers=GZIP)
    urls = set(re.findall(r'<(?:script|link|img|use)[^>]*\s(?:src|href)="([^"#]+)', page.text))
    files = {url: len(visitor.client.get(url, headers=GZIP, buffered=True).data) for url in urls}

    assert len(urls) <= 8
    assert all(url.startswith("/static/") for url in urls)
    assert len(page.data) + sum(files.values()) <= 46_000
    assert (
        sum(size for url, size in files.items() if ".js" in url) <= 18_500
    )  # 2,500 of them so that a passkey signs in
