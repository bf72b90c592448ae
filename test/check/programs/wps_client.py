"""Asks for w or ps and prints the lines that come back.

usage: wps_client.py host port w|ps
"""

import socket
import sys


def main():
    server = socket.create_connection((sys.argv[1], int(sys.argv[2])))
    server.sendall(sys.argv[3].encode())
    with server.makefile("rb") as answer:
        for line in answer:
            sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()


main()
