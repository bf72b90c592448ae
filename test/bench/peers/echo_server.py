"""The echo server of a peer, with a string that is read whole and any number of copies.

usage: echo_server.py port bytes copies
"""

import socket
import sys

from peer import open_listener, put_client


def main():
    listener = open_listener(1)
    client, address = listener.accept()
    put_client(address)
    # A comparison needs the same work on both sides, so no part of the string may be missing.
    string = client.recv(int(sys.argv[2]), socket.MSG_WAITALL)
    echo = string * int(sys.argv[3])
    if not sys.stdin.readline():
        sys.exit("peer: no line from the keyboard")
    client.sendall(echo)
    client.close()


main()
