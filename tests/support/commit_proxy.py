"""Stands between a client and PostgreSQL's Unix socket and loses the first COMMIT or its answer.

usage: commit_proxy.py SERVER_SOCKET OWN_SOCKET MODE COUNT

MODE before: the connection is cut instead of handing COMMIT on (nothing is committed).
MODE after:  COMMIT is handed on, its answer is swallowed, then the connection is cut.
COUNT: so many COMMITs are let through first; the next one is lost, all later ones pass.
Prints "ready" once it listens, and "lost" when it has lost a COMMIT.
"""

import os
import socket
import sys
import threading

server_path, own_path, mode, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"
lock = threading.Lock()
left = count


def lose_this_one():
    global left
    with lock:
        left -= 1
        return left == -1


def cut(*ends):
    for end in ends:
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def forward(source, sink, swallow):
    try:
        while data := source.recv(65536):
            if swallow.is_set():
                swallow.answered.set()
                continue
            sink.sendall(data)
    except OSError:
        pass
    if not swallow.is_set():
        cut(source, sink)


def serve(client):
    server = socket.socket(socket.AF_UNIX)
    server.connect(server_path)
    swallow = threading.Event()
    swallow.answered = threading.Event()
    threading.Thread(target=forward, args=(server, client, swallow), daemon=True).start()
    try:
        while data := client.recv(65536):
            if data.endswith(COMMIT) and lose_this_one():
                if mode == "before":
                    print("lost", flush=True)
                    break
                swallow.set()
                server.sendall(data)
                swallow.answered.wait(10)
                print("lost", flush=True)
                break
            server.sendall(data)
    except OSError:
        pass
    cut(client, server)


listener = socket.socket(socket.AF_UNIX)
listener.bind(own_path)
os.chmod(own_path, 0o700)
listener.listen(16)
print("ready", flush=True)
while True:
    connection, _ = listener.accept()
    threading.Thread(target=serve, args=(connection,), daemon=True).start()
