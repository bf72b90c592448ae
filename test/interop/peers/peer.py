"""What the six peers share: bytes on stdout, and a listening socket that says its port."""

import socket
import sys


def put(*pieces):
    """Write bytes to stdout, undecoded, and let them out at once."""
    for piece in pieces:
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


def put_client(address):
    put(("client is at %r\n" % (address[:2],)).encode("ascii"))


def open_listener(backlog):
    """Listen on the port of the command line, 0 for any.

    Loopback only: a peer has no business with other machines.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", int(sys.argv[1])))
    listener.listen(backlog)
    print("peer: listening on port %d" % listener.getsockname()[1], file=sys.stderr, flush=True)
    return listener


def dial():
    """Connect to the host and port of the command line."""
    return socket.create_connection((sys.argv[1], int(sys.argv[2])))
