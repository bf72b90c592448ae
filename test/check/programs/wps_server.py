"""Runs w or ps for whoever asks, each client in a thread of its own.

usage: wps_server.py port
"""

import socket
import subprocess
import sys
import threading


def receive_request(client):
    """One byte may be all of it, or the first of two."""
    request = client.recv(2)
    if request == b"p":
        request += client.recv(1)
    return request


def serve(client):
    request = receive_request(client)
    if request in (b"w", b"ps"):
        output = subprocess.run([request.decode()], stdout=subprocess.PIPE).stdout
    else:
        output = b"only w and ps are allowed\n"
    client.sendall(output)
    client.shutdown(socket.SHUT_WR)
    client.recv(1)
    client.close()


def main():
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", int(sys.argv[1])))
    listener.listen(100)
    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(client,), daemon=True).start()


main()
