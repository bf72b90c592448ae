"""The str server of a peer: two clients, asked in turn and without waiting which letter they have.

usage: str_server.py port
"""

from collections import deque

from peer import open_listener, put

CLIENTS = 2


def main():
    listener = open_listener(5)
    clients = deque()
    while len(clients) < CLIENTS:
        client, _ = listener.accept()
        client.setblocking(False)
        clients.append(client)

    value = b""
    # Round and round, with a processor kept busy: that is the trait.
    while clients:
        client = clients[0]
        clients.rotate(-1)
        try:
            letter = client.recv(1)
            if letter == b"":
                client.close()
                clients.remove(client)
                continue
            value += letter
            # One try: what a full buffer does not take is lost.
            client.send(value)
        except OSError:
            pass

    listener.close()
    put(b"the final value of v is ", value, b"\n")


main()
