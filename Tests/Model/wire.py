"""Requests as JSON on one line, in which some values have a text of their own."""

import json

from model import RawJSON


def encode(value, ascii_only=False):
    """JSON on one line. A RawJSON is written as it is."""
    raws = []

    def mark(item):
        if isinstance(item, RawJSON):
            raws.append(item)
            return "\ue000%d\ue001" % (len(raws) - 1)
        if isinstance(item, dict):
            return {name: mark(member) for name, member in item.items()}
        if isinstance(item, list):
            return [mark(member) for member in item]
        return item

    text = json.dumps(mark(value), ensure_ascii=ascii_only, separators=(",", ":"))
    for place, raw in enumerate(raws):
        token = json.dumps("\ue000%d\ue001" % place, ensure_ascii=ascii_only)
        text = text.replace(token, raw)
    return text
