"""A plain browser over HTTP: cookies, and forms that are sent whole."""

from __future__ import annotations

import requests
from selectolax.lexbor import LexborHTMLParser


class Browser:
    """One browser at one origin; it follows redirects as browsers do."""

    def __init__(self, origin: str) -> None:
        self.origin, self.http = origin, requests.Session()

    def get(self, path: str) -> str:
        return self._show(self.http.get(f"{self.origin}{path}", timeout=10))

    def post(self, path: str, **fields: str) -> str:
        return self._show(self.http.post(f"{self.origin}{path}", data=fields, timeout=10))

    def submit(self, action: str, **typed: str) -> str:
        """Fill in the form with this action, and send it."""
        form = self.page.css_first(f"form[action='{action}']")
        assert form, f"no form for {action} in: {self.text}"
        fields = {str(tag.attrs["name"]): tag.attrs.sget("value") for tag in form.css("input[name]")}
        return self.post(action, **{**fields, **typed})

    def _show(self, response: requests.Response) -> str:
        self.status, self.text, self.path = response.status_code, response.text, response.url.removeprefix(self.origin)
        self.page = LexborHTMLParser(response.text)
        return self.text
