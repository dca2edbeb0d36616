"""Malformed requests, each with the error that it must get.

Every method's parameters are listed in the order of the contract's table, because an error names the
first offending one in that order, and unknown ones after the known.
"""

from model import INVALID_PARAMS, MARK_METHODS, METHOD_NOT_FOUND, Refusal

_SEND = [
    ("username", "name"), ("team_name", "name"), ("receiver_id", "id"), ("content", "content"),
    ("data", "object")]
_LIST = [
    ("pageSize", "size"), ("pageNo", "page"), ("cursor", "cursor"), ("self", "flag"), ("view", "view"),
    ("order", "order"), ("message_type", "types")]

PARAMETERS = {
    "send_team_message": [("team_id", "id"), ("user_id", "id"), ("message_type", "id")] + _SEND + [
        ("reader_ids", "ids"), ("idempotency_key", "id")],
    "send_account_message": [
        ("reader_id", "id"), ("reader_ids", "ids"), ("message_type", "id"), ("user_id", "id")] + _SEND + [
        ("idempotency_key", "id")],
    "send_announcement": [("message_type", "id"), ("user_id", "id")] + _SEND + [("idempotency_key", "id")],
    "get_team_message": [("team_id", "id"), ("user_id", "id")] + _LIST,
    "get_account_message": [("user_id", "id")] + _LIST,
    "get_message": [("user_id", "id"), ("nid", "nid"), ("team_id", "id")],
    "get_unread_count": [("user_id", "id"), ("team_ids", "teams"), ("account", "flag")],
    "join_team": [("team_id", "id"), ("user_id", "id"), ("from", "from")],
    "leave_team": [("team_id", "id"), ("user_id", "id")],
    "join_account": [("user_id", "id"), ("from", "from")],
    "retract_message": [("nid", "nid"), ("user_id", "id")],
}
for _method in MARK_METHODS:
    PARAMETERS[_method] = [
        ("user_id", "id"), ("team_id", "id"), ("nids", "nids"), ("up_to", "nid"), ("all", "all")]

REQUIRED = {
    "send_team_message": {"team_id", "user_id", "message_type"},
    "send_account_message": {"message_type"},
    "send_announcement": {"message_type"},
    "get_team_message": {"team_id", "user_id"},
    "get_account_message": {"user_id"},
    "get_message": {"user_id", "nid"},
    "get_unread_count": {"user_id"},
    "join_team": {"team_id", "user_id"},
    "leave_team": {"team_id", "user_id"},
    "join_account": {"user_id"},
    "retract_message": {"nid"},
    **{method: {"user_id"} for method in MARK_METHODS},
}

# Parameters of which exactly one must be given.
ALTERNATIVES = {
    "send_account_message": {"reader_id": "ann", "reader_ids": ["ann"]},
    **{method: {"nids": [], "up_to": "x", "all": True} for method in MARK_METHODS},
}

BAD = {
    "id": [7, True, [], {}, 1.5, "", "x" * 129, "\u65e5" * 43],
    "name": [7, False, [], {}, "x" * 1025, "\u00e9" * 513],
    "content": [1, {}, ["text"], "x" * 65537],
    "object": [[], "text", 3, True, {"text": "x" * 65536}],
    "ids": [[], "ann", 5, {}, ["ann", 7], ["ann", ""], [None], ["x" * 129], [["ann"]]],
    "size": [0, 201, -1, 1.5, True, [], {}, "0", "201", "-1", "ten", "1.5", " 5", "+5", 10 ** 30],
    "page": [0, -1, 2.5, False, [], {}, "0", "-1", "one", "2 "],
    "cursor": [5, True, [], {}, "nonsense", "AAAA", "\u65e5\u672c", "{}", "1:2"],
    "flag": [0, 1, 2.5, [], {}, "", "yes", "TRUE", "1"],
    "all": [1, [], {}, "", "yes", "True"],
    "view": ["", "Inbox", "inboxes", 4, True, ["inbox"], {}],
    "order": ["", "up", "NEWEST", 0, False, ["newest"], {}],
    "types": [7, "", True, {}, "x" * 129, ["a", 7], ["a", ""], [None], ["type %d" % n for n in range(21)]],
    "nid": [5, 1.5, True, [], {}],
    "nids": ["x", 5, True, {}, [5], [None], [["x"]], ["x"] * 1001],
    "from": ["", "later", "Now", 5, True, []],
    "teams": ["red", 5, {}, [7], [""], [None], ["x" * 129], ["team %d" % n for n in range(1001)]],
}


def spoil(rng, method, params):
    """A malformed request made of a well-formed one: (method, parameters, refusal)."""
    choice = rng.random()
    if choice < 0.03:
        name = rng.choice(["get_team_messages", "GET_MESSAGE", "", "rpc.none", "mark_read "])
        return name, params, Refusal(METHOD_NOT_FOUND)
    if choice < 0.06:
        return method, [params], Refusal(INVALID_PARAMS)
    if choice < 0.16 and method in ALTERNATIVES:
        return (method,) + _choose_wrongly(rng, method, params)
    return (method,) + _offend(rng, method, dict(params))


def _choose_wrongly(rng, method, params):
    """None of the alternatives, or two of them."""
    choices = ALTERNATIVES[method]
    params = {name: value for name, value in params.items() if name not in choices}
    given = rng.sample(list(choices), rng.choice([0, 2]))
    params.update((name, choices[name]) for name in given)
    return params, Refusal(INVALID_PARAMS, ["/" + name for name in given or choices])


def _offend(rng, method, params):
    """One or two parameters that can't be; the error names the first."""
    places = list(PARAMETERS[method])
    unused = [name for name in ALTERNATIVES.get(method, {}) if name not in params]
    places = [place for place in places if place[0] not in unused] + [("unknown", None)]
    offenders = sorted(rng.sample(places, 1 if rng.random() < 0.75 else 2), key=places.index)
    pointers, undecoded = [], False
    for name, kind in offenders:
        if kind is None:
            name = rng.choice(["colour", "userId", "a/b~c", "page_size", "\u00e9"])
            params[name] = rng.choice([1, "x", {}, False])
            found = ["/" + name.replace("~", "~0").replace("/", "~1")]
        elif name in REQUIRED[method] and rng.random() < 0.4:
            if rng.random() < 0.5:
                params.pop(name, None)
            else:
                params[name] = None
            found = ["/" + name]
        else:
            params[name] = rng.choice(BAD[kind])
            found = ["/" + name]
            if isinstance(params[name], list):
                # Naming the item is more exact, and as right.
                found += ["/%s/%d" % (name, place) for place in range(min(len(params[name]), 21))]
        # A cursor may be looked into only after the types of all parameters.
        if not pointers or undecoded:
            pointers = pointers + found
        undecoded = kind == "cursor" and isinstance(params["cursor"], str)
    return params, Refusal(INVALID_PARAMS, pointers)
