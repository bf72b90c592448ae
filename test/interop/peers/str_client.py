"""The str client of a peer: a line from the keyboard, one send, one reply, until an empty line.

usage: str_client.py host port
"""

import sys

from peer import dial, put


def main():
    server = dial()
    while True:
        put(b"enter a letter:")
        line = sys.stdin.buffer.readline()
        if line == b"":
            sys.exit("peer: no line from the keyboard")
        letters = line.rstrip(b"\n")
        server.send(letters)
        if letters == b"":
            break
        # One read is taken for one reply.
        put(server.recv(1024), b"\n")
    server.close()


main()
