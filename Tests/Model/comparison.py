"""An answer beside the model's."""

import json

from model import Page, Refusal, Wrong


class Difference(AssertionError):
    pass


def check(model, operation, answer, line):
    """Compares one answer with the model's, whose state moves on by the operation. Returns the page for
    a list. `line` is the text in which the answer came."""
    refusal, expected = operation.refusal, None
    result = answer.get("result")
    if refusal is None:
        try:
            expected = model.call(operation.method, operation.params, result if result else {})
        except Refusal as error:
            refusal = error
        except Wrong as error:
            raise Difference("%s\ngot: %s" % (error, shorten(answer))) from None
    if set(answer) != {"jsonrpc", "id", "error" if refusal else "result"} or answer["jsonrpc"] != "2.0":
        raise Difference("expected: %s\ngot: %s" % (refusal or describe(expected), shorten(answer)))
    if refusal:
        check_error(refusal, answer["error"])
    elif isinstance(expected, Page):
        check_page(model, expected, result)
        check_data(expected.copies, line)
        return expected
    elif operation.method == "get_unread_count":
        # Without team_ids, no teams and an empty object of teams say the same.
        if {"teams": {}, **result} != expected:
            raise Difference(both(expected, result))
    elif expected != result:
        raise Difference(both(expected, result))
    elif operation.method == "get_message":
        check_data([model.inbox_of(operation.params).find(result["nid"])], line)
    return None


def check_error(refusal, error):
    data = error.get("data") or {}
    details = data.get("details") or {}
    right = (
        error.get("code") == refusal.code and data.get("kind") == refusal.kind
        and data.get("retryable") is False and isinstance(error.get("message"), str))
    if refusal.pointers is not None and details.get("pointer") not in refusal.pointers:
        right = False
    if not right:
        raise Difference("expected: error %d, %s\ngot: %s" % (refusal.code, refusal, shorten(error)))


def check_page(model, page, result):
    if set(result) != {"data", "total", "count", "next_cursor"}:
        raise Difference("a page has data, total, count and next_cursor\ngot: %s" % shorten(result))
    if (result["total"], result["count"]) != (page.total, page.count):
        raise Difference("expected: total %d, count %d\ngot: total %s, count %s" % (
            page.total, page.count, result["total"], result["count"]))
    data, cursor = result["data"], result["next_cursor"]
    if page.loose:
        check_loosely(page, data, cursor)
    else:
        check_exactly(page, data, cursor)
    if cursor is not None:
        model.cursors[cursor] = page.position(page.copies[-1])


def check_exactly(page, data, cursor):
    expected = [copy.shown() for copy in page.copies]
    if data != expected:
        raise Difference(first_difference(expected, data))
    if not cursor_fits(cursor, page.ends):
        raise Difference("expected: %s\ngot: next_cursor %r" % (
            "the end, next_cursor null" if page.ends else "more, so a next_cursor", cursor))


def check_loosely(page, data, cursor):
    """A page after marks or visibility changed under its cursor. What has come back into view behind
    the cursor may be shown or not; nothing that is still ahead of it may be left out."""
    places = {copy.message.nid: place for place, copy in enumerate(page.listed)}
    found = [places.get(item.get("nid")) for item in data]
    if None in found or found != sorted(set(found)) or len(data) > page.size:
        raise Difference("messages of the view, in its order, were expected\ngot: %s" % shorten(data))
    shown = [page.listed[place] for place in found]
    expected = [copy.shown() for copy in shown]
    if data != expected:
        raise Difference(first_difference(expected, data))
    if cursor is not None and not (isinstance(cursor, str) and cursor and data):
        raise Difference("next_cursor %r after %d messages" % (cursor, len(data)))
    last = max(found, default=-1)
    for copy in page.rest:
        if (cursor is None or places[copy.message.nid] <= last) and copy not in shown:
            raise Difference("%s was left out\ngot: %s" % (copy.message.nid, shorten(data)))
    page.copies = shown


def cursor_fits(cursor, ends):
    return cursor is None if ends else isinstance(cursor, str) and cursor != ""


def check_data(copies, line):
    """`data` is echoed byte for byte."""
    for raw in {copy.message.fields["data"] for copy in copies if "data" in copy.message.fields}:
        if raw not in line:
            raise Difference("data %s was not echoed byte for byte in %s" % (raw, line[:2000]))


def check_walk(walk, page, result):
    """The promise of a list by cursor, whatever is sent or marked meanwhile: no message twice, none left out."""
    nids = [item["nid"] for item in result["data"]]
    for nid in nids:
        if nid in walk.seen:
            raise Difference("the cursor led to %s twice" % nid)
        walk.seen.add(nid)
    listed = {copy.message.nid for copy in page.listed}
    walk.owed = listed if walk.owed is None else walk.owed & listed
    walk.cursor, walk.waiting = result["next_cursor"], False
    if walk.cursor is None and walk.owed - walk.seen:
        raise Difference("the cursor left out %s" % ", ".join(sorted(walk.owed - walk.seen)))


def first_difference(expected, got):
    for place, (one, other) in enumerate(zip(expected, got)):
        if one != other:
            if one["nid"] == other.get("nid"):
                same = [name for name in one if name in other and one[name] == other[name]]
                one, other = ({
                    name: value for name, value in message.items() if name not in same or name == "nid"
                } for message in (one, other))
            return "message %d of the page differs\n%s" % (place, both(one, other))
    return "expected %d messages, got %d\n%s" % (
        len(expected), len(got),
        both([item["nid"] for item in expected], [item.get("nid") for item in got]))


def both(expected, got):
    return "expected: %s\ngot:      %s" % (shorten(expected), shorten(got))


def describe(expected):
    if isinstance(expected, Page):
        return "%d messages of %d" % (len(expected.copies), expected.total)
    return shorten(expected)


def shorten(value, limit=3000):
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= limit else text[:limit] + "..."
