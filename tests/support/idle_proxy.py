"""Stands between clients and PostgreSQL's Unix socket, and cuts who is silent.

usage: idle_proxy.py SERVER_SOCKET OWN_SOCKET SECONDS

A connection on which neither side has said anything for so long is cut, and so is one that does not
take what the other has said. Prints "ready" once it listens, and "cut" for each that it has cut.
"""

import os
import select
import socket
import sys
import threading

server_path, own_path, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])


def serve(client):
    server = socket.socket(socket.AF_UNIX)
    server.connect(server_path)
    client.settimeout(seconds)
    server.settimeout(seconds)
    other = {client: server, server: client}
    with client, server:
        while True:
            heard, _, _ = select.select([client, server], [], [], seconds)
            if not heard:
                print("cut", flush=True)
                return
            for end in heard:
                try:
                    data = end.recv(65536)
                    if not data:
                        return
                    other[end].sendall(data)
                except TimeoutError:
                    print("cut", flush=True)
                    return
                except OSError:
                    return


listener = socket.socket(socket.AF_UNIX)
listener.bind(own_path)
os.chmod(own_path, 0o700)
listener.listen(16)
print("ready", flush=True)
while True:
    connection, _ = listener.accept()
    threading.Thread(target=serve, args=(connection,), daemon=True).start()
