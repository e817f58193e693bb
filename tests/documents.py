"""Forms that send a file, as a browser sends them."""

from __future__ import annotations

from io import BytesIO

from .visitor import Page, Visitor, check_response

PNG = b"\x89PNG\r\n\x1a\n"


def forms(page: Page) -> list[str]:
    """Where the forms of the page send their files."""
    return [str(form.attrs["action"]) for form in page.html.css("form[enctype='multipart/form-data']")]


def send(visitor: Visitor, path: str, content: bytes | None, *, kind: str = "image/png", **headers: str) -> Page:
    """Send a file as a browser does; None: without choosing one. Headers are given as ``HX_Request``."""
    token = visitor.csrf_token()
    head = f'--x\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{token}\r\n--x\r\nContent-Disposition: '
    part = f'{head}form-data; name="file"; filename="{"id.png" if content else ""}"\r\nContent-Type: {kind}\r\n\r\n'
    response = visitor.client.post(
        path,
        input_stream=BytesIO(part.encode() + (content or b"") + b"\r\n--x--\r\n"),
        content_length=len(part.encode()) + len(content or b"") + len(b"\r\n--x--\r\n"),
        content_type="multipart/form-data; boundary=x",
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )
    visitor.page = Page(response)
    check_response(visitor.page, whole="HX_Request" not in headers)
    return visitor.page
