"""The file that a browser sends. Its name and its declared type count for nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO

from flask import Request
from werkzeug.datastructures import FileStorage

MAX_BYTES = 20 * 1024 * 1024  # as much as Unit's own SDK sends
FORM = 64 * 1024  # bytes of the form around the file
PIECE = 64 * 1024
SIGNATURES = {"application/pdf": b"%PDF-", "image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}


class FileRefused(Exception):
    """Holds a sentence that says what to send instead."""


@dataclass(frozen=True)
class File:
    """A document's file, as a body that can be sent in pieces, and again if there was no answer."""

    kind: str  # its media type
    content: bytes = field(repr=False)

    def __len__(self) -> int:
        """The size in bytes."""
        return len(self.content)

    def __iter__(self) -> Iterator[memoryview]:
        """The pieces: a time-out then limits each one, not the whole file."""
        whole = memoryview(self.content)
        return (whole[start : start + PIECE] for start in range(0, len(whole), PIECE))


def keep_in_memory(request: Request) -> None:
    """Let a request hold one file, which never touches the disk. Before anything reads the request's form."""
    request.max_content_length = MAX_BYTES + FORM
    request._get_file_stream = lambda *_args, **_kwargs: BytesIO()  # type: ignore[method-assign]


def read(sent: FileStorage | None) -> File:
    """Return what was sent. Raises FileRefused."""
    content = b"" if sent is None else sent.read()
    if not content:
        raise FileRefused("Choose a file." if sent is not None else "Choose the file again. It was not kept meanwhile.")
    if len(content) > MAX_BYTES:
        raise FileRefused("Choose a file of at most 20 MB.")
    kind = next((kind for kind, start in SIGNATURES.items() if content.startswith(start)), None)
    if kind is None:
        raise FileRefused("This file is not a PDF, PNG or JPEG. Choose another one.")
    return File(kind, content)
