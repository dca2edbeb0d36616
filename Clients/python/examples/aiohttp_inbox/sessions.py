"""Who is logged in: kept by the server, so that a logout ends a session wherever its cookie went."""

import secrets
import time


class Session:
    """A login. `streams` are the tasks that write events to its pages; they end with it."""

    def __init__(self, user_id, ends):
        self.user_id = user_id
        self.ends = ends
        self.streams = set()


class Sessions:
    LIFETIME = 12 * 3600  # Seconds.
    EACH = 16  # Of one user; the oldest makes room.
    STREAMS = 8  # Of one user, in all sessions together.

    def __init__(self, clock=time.monotonic):
        self._clock = clock
        self._sessions = {}  # By token, the oldest first.

    def begin(self, user_id):
        """The token of a new session."""
        own = [token for token, session in self._sessions.items() if session.user_id == user_id]
        for token in own[: max(0, len(own) + 1 - self.EACH)]:
            self.end(token)
        token = secrets.token_urlsafe(32)
        self._sessions[token] = Session(user_id, self._clock() + self.LIFETIME)
        return token

    def get(self, token):
        """The session, while it lasts; None otherwise."""
        session = self._sessions.get(token)
        if session is not None and session.ends <= self._clock():
            self.end(token)
            return None
        return session

    def end(self, token):
        session = self._sessions.pop(token, None)
        for task in session.streams if session else ():
            task.cancel()

    def end_streams(self):
        """When the server ends."""
        for session in self._sessions.values():
            for task in session.streams:
                task.cancel()

    def may_stream(self, user_id):
        """Whether a user may have one more stream: each holds a subscription."""
        own = (session for session in self._sessions.values() if session.user_id == user_id)
        return sum(len(session.streams) for session in own) < self.STREAMS
