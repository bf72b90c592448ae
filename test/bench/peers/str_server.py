"""The str server of a peer for one client, which keeps at it until each reply has been taken whole.

usage: str_server.py port
"""

import socket
from collections import deque

from peer import open_listener, put

CLIENTS = 1


def send_whole(client, reply):
    while reply:
        try:
            reply = reply[client.send(reply) :]
        except BlockingIOError:
            pass


def main():
    listener = open_listener(5)
    clients = deque()
    while len(clients) < CLIENTS:
        client, _ = listener.accept()
        client.setblocking(False)
        # Without this a burst would measure one thing only: the 40 ms by which its client's system
        # delays an acknowledgement that the last reply waits for (Nagle's algorithm).
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        clients.append(client)

    value = b""
    # Round and round, with a processor kept busy: that is the trait.
    while clients:
        client = clients[0]
        clients.rotate(-1)
        try:
            letter = client.recv(1)
            if letter == b"":
                client.close()
                clients.remove(client)
                continue
            value += letter
            # A comparison needs the same work on both sides, so nothing may be lost.
            send_whole(client, value)
        except BlockingIOError:
            pass

    listener.close()
    put(b"the final value of v is ", value, b"\n")


main()
