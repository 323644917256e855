"""Writes the tables of docs/capacity.md from the results of bench/growth.sh: capacity.py RESULTS DOCUMENT

Every input is a figure in RESULTS or an assumption in ASSUMED.
"""

import math
import sys

from growth_lines import asked, bytes_per_code, cpu_us, median, of, read, values

BEGIN, END = '<!-- capacity: written by bench/capacity.py -->', '<!-- /capacity -->'
A_DAY = (10e6, 100e6, 1000e6)

# name, value, unit, why
ASSUMED = {
    'peak': (5.0, 'times the mean of the day', 'sign-ins follow the waking hours of one continent, and a campaign comes on top'),
    'checks': (1.3, 'checks for each code', 'most people type it once, some twice, a few never'),
    'used': (0.5, 'of a processor at the peak', 'what comes in bursts within a second, and a neighbour on the host, want the rest'),
    'threads': (2, 'threads for each instance', 'processors of a small machine'),
    'life': (300, 's that a code lives', '`otp.ttl_seconds`, the default'),
    'record': (600, 's that a record is kept', '`otp.record_seconds`, the default'),
    'connections': (64, 'kept connections for each balancer and instance', 'with 4 balancers'),
    'balancers': (4, 'balancers', ''),
    'sms': (0.091, 'EUR for an SMS', 'route 3 to the Netherlands, the dearer of the known prices'),
    'processor': (0.04, 'EUR for a processor and hour', 'list prices of large clouds, with 2 GB of memory each'),
    'replicas': (1, 'replica for each primary', 'so that a primary may fail; `store.replicas_wait_for`'),
}


def assumed(name):
    return ASSUMED[name][0]


def measured(lines):
    """name: (value, unit, part of bench/growth.sh that measures it)"""
    most = values(of(lines, 'live'), 'codes')[-1]
    one = of(lines, 'instances', store='redis', instances=values(of(lines, 'instances'), 'instances')[-1])
    sends = of(lines, 'store_sends', store='redis')
    idle = of(lines, 'idle')
    *_, (_, _, each) = bytes_per_code(lines)
    return {
        'send': (median(map(cpu_us, of(lines, 'live', load='send', codes=most))), f'us of CPU for a send with {most:,} live codes', 'live'),
        'check': (median(map(cpu_us, of(lines, 'live', load='check', codes=most))), f'us of CPU for a check with {most:,} live codes', 'live'),
        'code': (each, 'bytes of otpd for a live code, memory store', 'live'),
        'idle': (median([line['bytes_per_connection'] for line in idle if line['connections'] == values(idle, 'connections')[-1]]),
                 'bytes of otpd for a kept connection', 'idle'),
        'shared_send': (median(map(cpu_us, sends)), 'us of CPU of otpd for a send with Redis', 'instances'),
        'shared_check': (median(map(cpu_us, one)), 'us of CPU of otpd for a check with Redis', 'instances'),
        'redis_send': (median([line['store_cpu_ns'] / 1000 / asked(line) for line in sends]), 'us of CPU of Redis for a send', 'instances'),
        'redis_check': (median([line['store_cpu_ns'] / 1000 / line['requests'] for line in one]), 'us of CPU of Redis for a check', 'instances'),
        'redis_code': (median([line['store_bytes'] / asked(line) for line in sends]), 'bytes of Redis for a code with its record and counters', 'instances'),
    }


def up(number):
    return max(1, math.ceil(number))


def plan(codes, of_one):
    """The needs of a service with so many codes a day, with Redis."""
    sends = codes / 86400 * assumed('peak')
    checks = sends * assumed('checks')
    processors = (sends * of_one['shared_send'][0] + checks * of_one['shared_check'][0]) / 1e6 / assumed('used')
    instances = up(processors / assumed('threads')) + 1
    primaries = up((sends * of_one['redis_send'][0] + checks * of_one['redis_check'][0]) / 1e6 / assumed('used'))
    in_redis = sends * assumed('record') * of_one['redis_code'][0]
    kept = assumed('connections') * assumed('balancers')
    machines = (instances * assumed('threads') + primaries * (1 + assumed('replicas'))) * assumed('processor') * 24
    return {
        'sends/s at the peak': f'{sends:,.0f}',
        'checks/s at the peak': f'{checks:,.0f}',
        'processors for otpd': f'{processors:,.1f}',
        'instances, one of them to spare': f'{instances:,}',
        'live codes at the peak': f'{sends * assumed("life"):,.0f}',
        'Redis primaries, and as many replicas': f'{primaries:,}',
        'memory in all primaries, GB': f'{in_redis / 1e9:,.2f}',
        'the same if a number\'s counters of 24 h were as large as its record, at most, GB': f'{codes * of_one["redis_code"][0] / 1e9:,.0f}',
        'kept connections of an instance, MB': f'{kept * of_one["idle"][0] / 1e6:,.1f}',
        'machines, EUR a day': f'{machines:,.0f}',
        'SMS, EUR a day': f'{codes * assumed("sms"):,.0f}',
        'machines, of the SMS': f'{100 * machines / (codes * assumed("sms")):.4f} %',
    }


def alone(of_one):
    """The most that one instance with the memory store can do."""
    both = (of_one['send'][0] + assumed('checks') * of_one['check'][0]) / 1e6
    rate = assumed('threads') * assumed('used') / both
    a_day = rate / assumed('peak') * 86400
    kept = rate * assumed('record') * of_one['code'][0]
    return (f'**One instance with the memory store**, {assumed("threads")} threads: {rate:,.0f} sends/s with their checks, '
            f'which is {a_day / 1e6:,.0f} million codes a day, and {kept / 1e6:,.0f} MB for the records of {assumed("record")} s at that rate.')


def tables(lines):
    of_one = measured(lines)
    yield '| measured | | by |'
    yield '|---:|---|---|'
    for value, unit, part in of_one.values():
        yield f'| {value:,.1f} | {unit} | `bench/growth.sh {part}` |'
    yield ''
    yield '| assumed | | because |'
    yield '|---:|---|---|'
    for value, unit, why in ASSUMED.values():
        yield f'| {value:g} | {unit} | {why} |'
    yield ''
    yield alone(of_one)
    yield ''
    plans = [plan(codes, of_one) for codes in A_DAY]
    yield '| codes a day | ' + ' | '.join(f'{codes / 1e6:,.0f} million' for codes in A_DAY) + ' |'
    yield '|---|' + '---:|' * len(A_DAY)
    for row in plans[0]:
        yield f'| {row} | ' + ' | '.join(each[row] for each in plans) + ' |'


def main():
    results, path = sys.argv[1:]
    lines = read(results)
    missing = [what for what in ('live', 'filled', 'instances', 'store_sends', 'idle') if not of(lines, what)]
    if missing:
        print('capacity.py: not measured yet, so the document stays as it is: ' + ', '.join(missing), file=sys.stderr)
        return
    with open(path, encoding='utf-8') as before:
        head, rest = before.read().split(BEGIN, 1)
    with open(path, 'w', encoding='utf-8') as out:
        out.write(head + BEGIN + '\n' + '\n'.join(tables(lines)) + '\n' + END + rest.split(END, 1)[1])


main()
