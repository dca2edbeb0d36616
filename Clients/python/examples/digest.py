#!/usr/bin/env python3
"""A script, for cron: prints what is new for some readers, and marks it as seen.

    python3 digest.py sqlite:inbox.db ann bob
"""

import sys

from tidings import printable
from tidings.sync import Tidings


def digest(inbox, user_id):
    """The lines for one reader, newest first: what is unread and wasn't in a digest before."""
    new = [message for message in inbox.account_messages(user_id=user_id, view="unread")
           if not message["seen"]]
    # Up to the newest of these, not all: something may have come meanwhile.
    if new:
        inbox.mark_seen(user_id=user_id, up_to=new[0]["nid"])
    # What others wrote may hold line ends and escape sequences: it must not look like lines of ours.
    return [f"{message['create_time']}  {printable(message.get('user_id', 'announcement'))}: "
            f"{printable(message.get('content', message['message_type']))}" for message in new]


def main(arguments):
    if len(arguments) < 2:
        sys.exit(__doc__)
    store, *users = arguments
    with Tidings.start(store=store, log_level="warning") as inbox:
        for user_id in users:
            lines = digest(inbox, user_id)
            print(f"{printable(user_id)}: {len(lines)} new")
            for line in lines:
                print(f"  {line}")


if __name__ == "__main__":
    main(sys.argv[1:])
