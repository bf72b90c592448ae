"""Sends each client's string back in many copies, when a line has been typed.

usage: echo_server.py port
"""

import select
import socket
import sys

COPIES = 10000
SILENCE = 1.0


def receive_string(client):
    """The string is whole at the end of data, or when its client has been silent for a while."""
    string = client.recv(1000000)
    while select.select([client], [], [], SILENCE)[0]:
        piece = client.recv(1000000)
        if not piece:
            break
        string += piece
    return string


def main():
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", int(sys.argv[1])))
    listener.listen(1)
    while True:
        client, address = listener.accept()
        print("client is at", address, flush=True)
        string = receive_string(client)
        sys.stdin.readline()
        client.sendall(string * COPIES)
        client.close()


main()
