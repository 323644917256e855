# Idle persistent connections: idle_connections.py ADDRESS:PORT PROCESS COUNT ROUND
#
# Each makes one request, reads the answer and stays open. Prints the resident memory of the process
# after a tenth, a quarter, a half and all of them: one line of JSON each. The kernel's socket
# buffers are in no process's resident memory and therefore not included.
import json
import socket
import sys

PER_SOURCE = 5000  # connections from one loopback address: well below its number of ports


def request():
    body = b'{"phone_number":"31610000001","code":"000000"}'
    head = 'POST /verify-otp HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n'
    return head.encode() % len(body) + body


def read_answer(connection):
    received = b''
    while b'\r\n\r\n' not in received:
        more = connection.recv(65536)
        if not more:
            sys.exit('the server closed a connection')
        received += more
    head, _, body = received.partition(b'\r\n\r\n')
    lengths = [line.split(b':')[1] for line in head.split(b'\r\n') if line.lower().startswith(b'content-length:')]
    left = int(lengths[0]) - len(body)
    while left > 0:
        left -= len(connection.recv(left))
    status = int(head.split(b' ')[1])
    if status == 503:
        sys.exit('the server takes no more connections')


def resident_kib(process):
    with open(f'/proc/{process}/status', encoding='ascii') as status:
        return int(next(line for line in status if line.startswith('VmRSS:')).split()[1])


def main():
    host, port = sys.argv[1].rsplit(':', 1)
    process, count, round_ = (int(text) for text in sys.argv[2:5])
    asking = request()
    kept = []
    # Warms up what a first request needs, which is not part of a connection.
    for _ in range(200):
        with socket.create_connection((host, int(port))) as first:
            first.sendall(asking)
            read_answer(first)
    before = resident_kib(process)
    for step in (count // 10, count // 4, count // 2, count):
        while len(kept) < step:
            source = f'127.0.0.{2 + len(kept) // PER_SOURCE}'
            kept.append(socket.create_connection((host, int(port)), source_address=(source, 0)))
            kept[-1].sendall(asking)
            read_answer(kept[-1])
        grown = resident_kib(process) - before
        print(json.dumps({'what': 'idle', 'round': round_, 'connections': step, 'resident_kib_before': before,
                          'grown_kib': grown, 'bytes_per_connection': round(grown * 1024 / step)}), flush=True)


main()
