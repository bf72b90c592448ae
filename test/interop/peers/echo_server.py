"""The echo server of a peer: one client, one read, a line from the keyboard, 10,000 copies.

usage: echo_server.py port
"""

import sys

from peer import open_listener, put_client

COPIES = 10000


def main():
    listener = open_listener(1)
    client, address = listener.accept()
    put_client(address)
    # One read, whatever it brings: the trait that loses the rest of a long string.
    echo = client.recv(1000000) * COPIES
    if not sys.stdin.readline():
        sys.exit("peer: no line from the keyboard")
    client.sendall(echo)
    client.close()


main()
