"""What a visitor is told for a status: what happened, what it means for them, what to do."""

from __future__ import annotations

TEXTS = {
    400: ("That request was not right", "Nothing was changed. Go back, reload that page and try again."),
    403: ("That is not possible from here", "Nothing was changed. Open the page in this app and try again from there."),
    404: (
        "There is nothing here",
        "The page may have moved, or it never was yours to see. Start at the first page.",
    ),
    405: ("That cannot be done here", "Nothing was changed. Start again from the first page."),
    413: ("That was too much", "Nothing of it was taken. Send less, and try again."),
    429: ("Too many requests", "This one was not carried out. Wait a minute, then try again."),
    500: (
        "Something broke on our side",
        "It was written down. Look at how things stand, then try again.",
    ),
    502: ("The bank did not accept that", "Nothing was changed there. Look at how things stand, then try again."),
    503: ("A service did not answer", "Nothing is lost. Try again in a moment."),
}
UNCONFIRMED = "It may or may not have been done. Look at how things stand before you try again."
