"""Prints the milliseconds from starting a program to its first answer of 200.

    start.py PORT PATH COMMAND...
"""

import signal
import socket
import subprocess
import sys
import time

LONGEST = 30


def answers(port, path):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=LONGEST) as server:
            server.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
            return b" 200 " in server.recv(64)
    except ConnectionError:
        return False


def main(port, path, *command):
    begin = time.perf_counter()
    program = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        while not answers(int(port), path):
            if program.poll() is not None or time.perf_counter() - begin > LONGEST:
                sys.exit(f"{command[0]} does not answer.")
            time.sleep(0.0005)  # The program needs the processor too.
        print(f"{(time.perf_counter() - begin) * 1000:.1f}")
    finally:
        program.send_signal(signal.SIGTERM)
        program.wait()


main(*sys.argv[1:])
