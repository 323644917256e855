"""Reads the results of bench/growth.sh and bench/soak.sh, lines of JSON, and computes the figures that the documents quote."""

import json
import statistics


def read(path):
    try:
        with open(path, encoding='utf-8') as lines:
            return [json.loads(line) for line in lines]
    except FileNotFoundError:
        return []


def of(lines, what, **members):
    return [line for line in lines if line['what'] == what and all(line.get(k) == v for k, v in members.items())]


def values(lines, key):
    """The distinct values of a member, ascending."""
    return sorted({line[key] for line in lines})


def asked(line):
    """The number of requests that a line's CPU was spent on."""
    if 'figures' not in line:
        return line['requests']
    return line['figures']['requests'] - line['figures'].get('unanswered', 0)


def median(numbers):
    return statistics.median(numbers)


def ratio_in_rounds(lines, base, figure):
    """The median over the rounds of the ratio of a line's figure to that of the base in the same round."""
    bases = {line['round']: figure(line) for line in base}
    return median([figure(line) / bases[line['round']] for line in lines])


def cpu_ns(line):
    """The sum over all instances."""
    spent = line['cpu_ns']
    return sum(spent) if isinstance(spent, list) else spent


def cpu_us(line):
    return cpu_ns(line) / 1000 / asked(line)


def latency(percent):
    return lambda line: line['figures']['latency_us'][percent]


def bytes_per_code(lines):
    """(codes from, codes to, bytes per code between them), by the number of codes at the start."""
    filled = sorted(of(lines, 'filled'), key=lambda line: line['codes'])
    for line, more in zip(filled, filled[1:]):
        yield line['codes'], more['codes'], 1024 * (more['resident_kib'] - line['resident_kib']) / (more['codes'] - line['codes'])


def bytes_per_sent_code(line):
    return 1024 * (line['resident_kib'] - line['resident_kib_before']) / (line['codes'] - line['live_before'])
