"""An echo server for two clients, built in one of the ways in which Python serves several.

usage: servers.py threads|forks|preforked|selectors|asyncio|passed|executed
"""

import array
import asyncio
import os
import selectors
import socket
import sys
import threading

CLIENTS = 2


def open_listener():
    listener = socket.create_server(("127.0.0.1", 0), backlog=5)
    print("peer: listening on port %d" % listener.getsockname()[1], file=sys.stderr, flush=True)
    return listener


def echo(client):
    while True:
        data = client.recv(100)
        if not data:
            break
        client.sendall(data)
    client.close()


def threads():
    listener = open_listener()
    for _ in range(CLIENTS):
        client, _ = listener.accept()
        threading.Thread(target=echo, args=(client,)).start()
    listener.close()


def forks():
    listener = open_listener()
    for _ in range(CLIENTS):
        client, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            echo(client)
            os._exit(0)
        client.close()
    listener.close()
    for _ in range(CLIENTS):
        os.wait()


def preforked():
    listener = open_listener()
    for _ in range(CLIENTS):
        if os.fork() == 0:
            client, _ = listener.accept()
            echo(client)
            os._exit(0)
    for _ in range(CLIENTS):
        os.wait()
    listener.close()


def with_selectors():
    listener = open_listener()
    listener.setblocking(False)
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ)
    left = CLIENTS
    while left > 0:
        for key, _ in selector.select():
            if key.fileobj is listener:
                client, _ = listener.accept()
                client.setblocking(False)
                selector.register(client, selectors.EVENT_READ)
                continue
            data = key.fileobj.recv(100)
            if data:
                key.fileobj.send(data)
            else:
                selector.unregister(key.fileobj)
                key.fileobj.close()
                left -= 1
    listener.close()


def with_asyncio():
    async def main():
        done = asyncio.Event()
        left = CLIENTS

        async def serve(reader, writer):
            nonlocal left
            while data := await reader.read(100):
                writer.write(data)
                await writer.drain()
            writer.close()
            left -= 1
            if left == 0:
                done.set()

        listener = open_listener()
        server = await asyncio.start_server(serve, sock=listener)
        await done.wait()
        server.close()

    asyncio.run(main())


def passed():
    """The parent accepts, and hands each client over to a child by SCM_RIGHTS."""
    ours, theirs = socket.socketpair()
    if os.fork() == 0:
        ours.close()
        for _ in range(CLIENTS):
            _, fds, _, _ = socket.recv_fds(theirs, 1, 1)
            echo(socket.socket(fileno=fds[0]))
        os._exit(0)
    listener = open_listener()
    for _ in range(CLIENTS):
        client, _ = listener.accept()
        socket.send_fds(ours, [b"x"], [client.fileno()])
        client.close()
    listener.close()
    os.wait()


def executed():
    """The first bytes are echoed by this program, the rest by one that it becomes."""
    if len(sys.argv) > 2:
        echo(socket.socket(fileno=int(sys.argv[2])))
        return
    listener = open_listener()
    listener.accept()[0].close()
    client, _ = listener.accept()
    client.sendall(client.recv(100))
    client.set_inheritable(True)
    os.execv(sys.executable, [sys.executable, sys.argv[0], "executed", str(client.fileno())])


KINDS = {
    "threads": threads,
    "forks": forks,
    "preforked": preforked,
    "selectors": with_selectors,
    "asyncio": with_asyncio,
    "passed": passed,
    "executed": executed,
}

KINDS[sys.argv[1]]()
