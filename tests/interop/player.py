"""A player of the game servers beside this file, as `gse conformance --client` starts one: joins, speaks and leaves."""

import os
import socket

connection = socket.create_connection((os.environ["IP"], int(os.environ["PORT"])), timeout=20)
stream = connection.makefile("rw", encoding="utf-8")
for line, expected in [
    (f"JOIN {os.environ['PLAYER_SESSION_ID']}", "WELCOME"),
    ("SAY hello", "HEARD hello"),
    ("LEAVE", "BYE"),
]:
    print(line, file=stream, flush=True)
    answer = stream.readline().strip()
    if not answer.startswith(expected):
        raise SystemExit(f"said {line.split()[0]!r} and was answered {answer!r}")
