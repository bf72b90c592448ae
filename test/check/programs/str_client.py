"""Sends the letters typed, one by one, and prints the replies, until an empty line.

usage: str_client.py host port
"""

import socket
import sys


def receive_reply(server, length, letter):
    """A reply is whole when it is longer than the one before and ends with the letter."""
    reply = b""
    while len(reply) <= length or not reply.endswith(letter):
        chunk = server.recv(65536)
        if not chunk:
            sys.exit("the server ended in the middle of a reply")
        reply += chunk
    return reply


def main():
    server = socket.create_connection((sys.argv[1], int(sys.argv[2])))
    reply = b""
    while True:
        sys.stdout.buffer.write(b"enter a letter:")
        sys.stdout.buffer.flush()
        letter = sys.stdin.buffer.readline().rstrip(b"\n")
        if not letter:
            break
        server.sendall(letter)
        reply = receive_reply(server, len(reply), letter)
        sys.stdout.buffer.write(reply + b"\n")
    server.close()


main()
