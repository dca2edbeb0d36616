"""Keeps requests in flight to a service on loopback, and counts the answers: what pipe_driver does over pipes."""

import json
import random
import selectors
import socket
import time

PAGE_SIZE = 12


class Connection:
    """One kept connection with one request in flight."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""

    def answer(self):
        """The body of the answer once it is whole."""
        some = self.socket.recv(1 << 16)
        if not some:
            raise EOFError("the service closed a connection")
        self.received += some
        head, end, body = self.received.partition(b"\r\n\r\n")
        if not end or len(body) < int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]):
            return None
        if not head.startswith(b"HTTP/1.1 200 "):
            raise ValueError(f"not a page: {self.received[:300]}")
        self.received = b""
        return body


def request(port, size, inbox):
    asked = {"team_id": f"inbox-{size}-{inbox}", "user_id": f"reader-{inbox}", "pageNo": 1, "pageSize": PAGE_SIZE}
    body = json.dumps(asked).encode()
    head = f"POST /get_team_message HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
    return head.encode() + f"Content-Length: {len(body)}\r\n\r\n".encode() + body


def per_second(port, size, inboxes, in_flight, seconds, warm_up):
    """The answers a second, each a page of inboxes of that size, looked at for its messages one time in 64."""
    requests = [request(port, size, inbox) for inbox in range(inboxes)]
    with selectors.DefaultSelector() as selector:
        connections = [Connection(port) for _ in range(in_flight)]
        try:
            for connection in connections:
                selector.register(connection.socket, selectors.EVENT_READ, connection)
                connection.socket.sendall(random.choice(requests))
            began, answered, counting = time.monotonic(), 0, False
            while (elapsed := time.monotonic() - began) < (seconds if counting else warm_up):
                ready = selector.select(60)
                if not ready:
                    raise TimeoutError("no answer for a minute")
                for key, _ in ready:
                    if (body := key.data.answer()) is None:
                        continue
                    if answered % 64 == 0 and (found := body.count(b'"nid":')) != PAGE_SIZE:
                        raise ValueError(f"a page of {found} messages, not {PAGE_SIZE}")
                    answered += 1
                    key.data.socket.sendall(random.choice(requests))
                if not counting and time.monotonic() - began >= warm_up:
                    began, answered, counting = time.monotonic(), 0, True
            return answered / elapsed
        finally:
            for connection in connections:
                connection.socket.close()
