"""The wps server of a peer: runs w or ps for one client after another, less the last line.

usage: wps_server.py port
"""

import subprocess

from peer import open_listener, put_client


def lines_of(command):
    """The command's output as a list of lines; a test's machine runs nothing but these two."""
    if command not in (b"w", b"ps"):
        return []
    with subprocess.Popen(command, shell=True, stdout=subprocess.PIPE) as child:
        return child.stdout.readlines()


def main():
    listener = open_listener(1)
    while True:
        client, address = listener.accept()
        put_client(address)
        lines = lines_of(client.recv(2))
        with client.makefile("wb", 0) as output:
            # The last line stays behind: a trait that every client has to live with.
            output.writelines(lines[:-1])
        client.close()


main()
