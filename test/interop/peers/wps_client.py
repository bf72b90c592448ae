"""The wps client of a peer: sends w or ps and prints the lines that come back.

usage: wps_client.py host port w|ps
"""

import os
import sys

from peer import dial, put


def main():
    server = dial()
    server.sendall(os.fsencode(sys.argv[3]))
    with server.makefile("rb", 0) as answer:
        put(*answer.readlines())


main()
