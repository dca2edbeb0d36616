"""What others wrote, made fit for a terminal or a line of a log."""

from __future__ import annotations

__all__ = ["printable"]

# Of the characters that print nothing these two belong to words and to emoji.
_JOINERS = "\u200c\u200d"


def printable(text: str) -> str:
    """Text in which nothing is left but what can be seen, on one line.

    Control characters (the escape sequences of terminals, line ends), marks that turn the direction of
    writing, and lone surrogates come as U+FFFD, every kind of space as a plain one.
    """
    if text.isprintable():
        return text
    return "".join(
        one if one.isprintable() or one in _JOINERS else " " if one in "\t\n\r" or one.isspace() else "\ufffd"
        for one in text
    )
