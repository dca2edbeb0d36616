"""A child that is started with odd descriptors: no file of ours ever takes the place of a stream."""

import contextlib
import os
import socket
import sqlite3
import subprocess

from sidecar import DEADLINE, SidecarCase, read_some, request

SEND = {"team_id": "t", "user_id": "ann", "message_type": "note"}


class DescriptorTests(SidecarCase):
    def assert_sound(self, path):
        """The file is a database that holds together, or doesn't exist."""
        if path.exists() and path.stat().st_size:
            with contextlib.closing(sqlite3.connect(path)) as database:
                self.assertEqual(database.execute("PRAGMA integrity_check").fetchall(), [("ok",)])

    def closed(self, *descriptors, **options):
        """A sidecar on a file, started without these descriptors."""
        url, path = self.store()

        def close():
            for descriptor in descriptors:
                os.close(descriptor)

        return self.spawn("--log-level", "debug", store=url, preexec_fn=close, **options), path

    def test_without_stdin(self):
        sidecar, path = self.closed(0)
        self.assertEqual(sidecar.rest(), [])
        self.assertEqual(sidecar.wait(), 74)
        self.assert_sound(path)

    def test_without_stdout(self):
        sidecar, path = self.closed(1)
        try:
            sidecar.send(*[request(id, "send_team_message", **SEND) for id in range(100)])
            sidecar.close_input()
        except BrokenPipeError:
            pass
        self.assertEqual(sidecar.rest(), [])
        # Nobody would hear the answers: nothing is accepted.
        self.assertEqual(sidecar.wait(), 74)
        self.assertFalse(path.exists())

    def test_without_stderr(self):
        sidecar, path = self.closed(2)
        answers = sidecar.pipeline([request(id, "send_team_message", **SEND) for id in range(100)])
        self.assertTrue(all("result" in answer for answer in answers.values()))
        sidecar.send_bytes(b"nonsense\n")
        self.assertEqual(sidecar.receive()["error"]["code"], -32700)
        sidecar.finish()
        self.assert_sound(path)

    def test_without_any(self):
        sidecar, path = self.closed(0, 1, 2)
        self.assertEqual(sidecar.wait(), 74)
        self.assert_sound(path)

    def test_inherited_descriptors_are_left_alone(self):
        url, path = self.store()
        folder = self.folder()
        others = [os.open(folder / str(number), os.O_RDWR | os.O_CREAT) for number in range(20)]
        try:
            sidecar = self.spawn(store=url, pass_fds=others)
            sidecar.result("send_team_message", **SEND)
            sidecar.finish()
        finally:
            for descriptor in others:
                os.close(descriptor)
        self.assertEqual([(folder / str(number)).stat().st_size for number in range(20)], [0] * 20)
        self.assert_sound(path)

    def test_one_socket_as_both_streams(self):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            sidecar = self.spawn(stdin=theirs, stdout=theirs, reading=False)
            theirs.close()
            ours.settimeout(DEADLINE)
            ours.sendall(b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n')
            ours.shutdown(socket.SHUT_WR)
            received = b""
            while chunk := ours.recv(4096):
                received += chunk
        self.assertEqual(received, b'{"jsonrpc":"2.0","id":1,"result":{}}\n')
        self.assertEqual(sidecar.wait(), 0)

    def test_pipes_that_do_not_block(self):
        # A host may hand over descriptors in non-blocking mode: Node does.
        input_read, input_write = os.pipe()
        output_read, output_write = os.pipe()
        for descriptor in (input_read, output_write):
            os.set_blocking(descriptor, False)
        sidecar = self.spawn(stdin=input_read, stdout=output_write, reading=False)
        os.close(input_read)
        os.close(output_write)
        pings = b"".join(b'{"jsonrpc":"2.0","id":%d,"method":"get_status"}\n' % id for id in range(500))
        os.write(input_write, pings)
        os.close(input_write)
        received = b""
        while chunk := read_some(output_read):
            received += chunk
        os.close(output_read)
        self.assertEqual(received.count(b"\n"), 500)
        self.assertEqual(sidecar.wait(), 0)

    def test_a_host_that_closes_stderr(self):
        read, write = os.pipe()
        sidecar = self.spawn("--log-level", "trace", stderr=write)
        os.close(write)
        os.close(read)
        answers = sidecar.pipeline([request(id, "ping") for id in range(100)])
        self.assertEqual(len(answers), 100)
        sidecar.finish()

    def test_no_terminal_and_no_environment(self):
        url, path = self.store()
        nothing = dict.fromkeys(("HOME", "PATH", "TERM", "LANG", "TMPDIR"))
        sidecar = self.spawn(store=url, env=nothing, start_new_session=True, cwd="/")
        sidecar.result("send_team_message", **SEND)
        sidecar.finish()
        self.assert_sound(path)

    def test_stdin_from_a_terminal(self):
        ours, theirs = os.openpty()
        sidecar = self.spawn(stdin=theirs, stdout=subprocess.PIPE)
        os.close(theirs)
        os.write(ours, b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n')
        self.assertEqual(sidecar.receive(), {"jsonrpc": "2.0", "id": 1, "result": {}})
        os.write(ours, b"\x04")
        self.assertEqual(sidecar.wait(), 0)
        os.close(ours)
