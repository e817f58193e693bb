"""Writes a PDF of plain lines, so that bank documents need no library."""

from __future__ import annotations

from collections.abc import Sequence

_PER_PAGE = 50
_PAGE = (
    b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F 3 0 R >> >> /Contents %d 0 R >>"
)


def document(lines: Sequence[str]) -> bytes:
    """A PDF with these lines; characters outside Latin-1 are shown as question marks."""
    pages = [lines[start : start + _PER_PAGE] for start in range(0, len(lines), _PER_PAGE)]
    kids = b" ".join(b"%d 0 R" % (4 + 2 * number) for number in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(pages), kids),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>",
    ]
    for number, page in enumerate(pages):
        text = b"BT /F 9 Tf 36 756 Td 14 TL %s ET" % b" ".join(b"(%s) Tj T*" % _escaped(line) for line in page)
        objects += [_PAGE % (5 + 2 * number), b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text)]
    return _file(objects)


def _file(objects: Sequence[bytes]) -> bytes:
    """Number the objects, and end with the table of where each begins."""
    body, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    tail = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(body))
    return body + head + table + tail


def _escaped(line: str) -> bytes:
    text = line.encode("latin-1", "replace")
    return text.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
