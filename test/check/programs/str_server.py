"""Appends the letters of two clients to one string, and sends all of it back for each letter.

usage: str_server.py port
"""

import select
import socket
import sys

CLIENTS = 2


def main():
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", int(sys.argv[1])))
    listener.listen(5)
    # What each client has still to take; a client that has something to take is not read from.
    waiting = {}
    while len(waiting) < CLIENTS:
        client, _ = listener.accept()
        client.setblocking(False)
        waiting[client] = b""

    value = b""
    while waiting:
        idle = [client for client in waiting if not waiting[client]]
        busy = [client for client in waiting if waiting[client]]
        readable, writable, _ = select.select(idle, busy, [])
        for client in readable + writable:
            try:
                if client in readable:
                    letter = client.recv(1)
                    if not letter:
                        client.close()
                        del waiting[client]
                        continue
                    value += letter
                    waiting[client] = value
                sent = client.send(waiting[client])
                waiting[client] = waiting[client][sent:]
            except BlockingIOError:
                pass
            except OSError:
                client.close()
                del waiting[client]
    listener.close()
    print("the final value of v is", value.decode())


main()
