"""The clients of a str server, in one thread: each sends a letter, takes the whole reply, and sends the next.

usage: dialogue.py port server-pid clients letters

Prints as JSON what the letters took that come after each client's first.
"""

import json
import os
import resource
import select
import socket
import sys
import time

# Its own letter ends a client's reply; with so many in turn, hardly a part of a reply ends with it.
ALPHABET = bytes(range(1, 251))


class Client:
    def __init__(self, port, number):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.turn = number
        self.left = 0

    def send_next(self):
        self.turn = (self.turn + 1) % len(ALPHABET)
        self.left -= 1
        self.socket.send(ALPHABET[self.turn : self.turn + 1])


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat", "rb") as stat:
        fields = stat.read().rpartition(b")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def talk(poll, clients, letters_each, length):
    """Every client sends so many letters. Returns how long v is then, and how long the wait was."""
    letters = letters_each * len(clients)
    # Which client gets which reply is up to the server; all together they have a known length.
    missing = letters * length + letters * (letters + 1) // 2
    buffer = bytearray(1 << 20)
    waited = 0.0
    for client in clients.values():
        client.left = letters_each
        client.send_next()
    while missing > 0:
        start = time.perf_counter()
        ready = poll.poll()
        waited += time.perf_counter() - start
        for descriptor, _ in ready:
            client = clients[descriptor]
            size = client.socket.recv_into(buffer)
            if size == 0:
                sys.exit("the server ended a connection")
            missing -= size
            if buffer[size - 1] == ALPHABET[client.turn] and client.left > 0:
                client.send_next()
    if missing < 0:
        sys.exit("more bytes came than were to come")
    return length + letters, waited


def main():
    port, pid, count, letters = map(int, sys.argv[1:])
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit[1], limit[1]))
    poll = select.epoll()
    clients = {}
    for number in range(count):
        client = Client(port, number)
        clients[client.socket.fileno()] = client
        poll.register(client.socket, select.EPOLLIN)

    length, _ = talk(poll, clients, 1, 0)
    before = processor_seconds(pid)
    start = time.perf_counter()
    _, waited = talk(poll, clients, letters // count, length)
    seconds = time.perf_counter() - start
    spent = processor_seconds(pid) - before
    for client in clients.values():
        client.socket.close()
    print(json.dumps({"seconds": seconds, "server_seconds": spent, "idle": waited / seconds}))


main()
