# From exec to the first 200: first_answer.py PROGRAM PATH TIMES
#
# Starts the program as often on a free loopback port and sends requests until it answers; after a
# refused connection it tries again immediately. Prints one line of JSON per start.
import json
import os
import signal
import socket
import subprocess
import sys
import time

PATIENCE = 30  # seconds


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def answers(port, path):
    try:
        with socket.create_connection(('127.0.0.1', port), timeout=PATIENCE) as connection:
            connection.sendall(f'GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n'.encode())
            return connection.recv(64).startswith(b'HTTP/1.1 200')
    except (ConnectionRefusedError, ConnectionResetError):
        return False


def one_start(program, path):
    port = free_port()
    began = time.monotonic()
    started = subprocess.Popen([program, '--listen', f'127.0.0.1:{port}'], stdout=subprocess.DEVNULL)
    try:
        while not answers(port, path):
            if started.poll() is not None or time.monotonic() - began > PATIENCE:
                sys.exit(f'{os.path.basename(program)} does not answer')
            time.sleep(0.0002)  # leaves the processor to the program
        return time.monotonic() - began
    finally:
        started.send_signal(signal.SIGTERM)
        started.wait()


def main():
    program, path, times = sys.argv[1], sys.argv[2], int(sys.argv[3])
    for round_ in range(1, times + 1):
        print(json.dumps({'what': 'start', 'path': path, 'round': round_, 'ms': round(1000 * one_start(program, path), 2)}))


main()
