"""The echo client of a peer: sends a string and shows the chunks in which the echo comes.

usage: echo_client.py host port string
"""

import os
import sys

from peer import dial, put

CHUNKS_SHOWN = 4


def main():
    server = dial()
    # No end of data is sent: the server has to do without.
    server.sendall(os.fsencode(sys.argv[3]))
    count = 0
    while True:
        chunk = server.recv(1000000)
        count += 1
        # The read that finds the end counts too, so a short echo is followed by an empty line.
        if count <= CHUNKS_SHOWN:
            put(chunk, b"\n")
        if chunk == b"":
            break
        put(b"received %d bytes\n" % len(chunk))
    server.close()


main()
