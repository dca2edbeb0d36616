"""Makes what the peers read: the messages of `pipe_driver load --work grow`, a document for each and its reader.

    copies.py URI DATABASE SIZE:INBOXES ...
"""

import datetime
import itertools
import sys

import pymongo

BEGIN = datetime.datetime(2026, 1, 1)


def copy(size, inboxes, number):
    inbox = number % inboxes
    return {
        "nid": f"{size}.{number}", "team_id": f"inbox-{size}-{inbox}", "team_name": f"Team {inbox}",
        "user_id": f"author-{number % 50}", "username": f"Author {number % 50}", "reader_id": f"reader-{inbox}",
        "message_type": "task",
        "content": f"Message {number}: the beds at the south wall want water before noon, and the door is stuck again.",
        "data": {"task": number}, "create_time": BEGIN + datetime.timedelta(seconds=number),
        "read": number < size // 2 * inboxes,
    }


def main(uri, database, *sizes):
    with pymongo.MongoClient(uri) as client:
        copies = client[database]["copies"]
        # What a page and its counts are found by; no count needs a document.
        inbox = [("reader_id", 1), ("team_id", 1)]
        copies.create_index([*inbox, ("create_time", -1)])
        copies.create_index([*inbox, ("read", 1)])
        for size, inboxes in (map(int, pair.split(":")) for pair in sizes):
            every = (copy(size, inboxes, number) for number in range(size * inboxes))
            while some := list(itertools.islice(every, 5000)):
                copies.insert_many(some, ordered=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
