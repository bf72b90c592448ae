"""Sends a string and shows the chunks that come back.

usage: echo_client.py host port string
"""

import os
import socket
import sys

CHUNKS_SHOWN = 4


def main():
    server = socket.create_connection((sys.argv[1], int(sys.argv[2])))
    server.sendall(os.fsencode(sys.argv[3]))
    count = 0
    while True:
        chunk = server.recv(1000000)
        count += 1
        if count <= CHUNKS_SHOWN:
            sys.stdout.buffer.write(chunk + b"\n")
        if not chunk:
            break
        sys.stdout.buffer.write(b"received %d bytes\n" % len(chunk))
        sys.stdout.buffer.flush()
    server.close()


main()
