"""A listener that drops packets: nobody accepts, and the queue of those who wait is full.

usage: full_queue.py ADDRESS PORT (0: any that is free)

Prints the port once whoever connects gets no answer, and stays until it is killed.
"""

import socket
import sys
import time

listener = socket.socket()
listener.bind((sys.argv[1], int(sys.argv[2])))
listener.listen(0)
waiting = []
while True:
    client = socket.socket()
    client.settimeout(0.5)
    try:
        client.connect(listener.getsockname())
    except TimeoutError:
        break
    waiting.append(client)
print(listener.getsockname()[1], flush=True)
time.sleep(600)
