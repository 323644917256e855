"""Writes tables, curves and the section "Growth" of docs/performance.md from the results of bench/growth.sh and bench/soak.sh.

growth_report.py keep RESULTS PART LINES           replaces the lines of a part
growth_report.py text RESULTS                      prints the tables
growth_report.py document RESULTS DOCUMENT IMAGES  writes the section between its markers, and the curves
"""

import json
import os
import sys

import growth_curves
from growth_lines import (asked, bytes_per_code, bytes_per_sent_code, cpu_us, latency, median, of, ratio_in_rounds, read, values)

BEGIN, END = '<!-- growth: written by bench/growth.sh -->', '<!-- /growth -->'
SECTION = '''
## Growth

`bench/growth.sh` and `bench/soak.sh` measure this and write the tables and curves; the raw lines are in [bench/results](../bench/results), and what the
figures mean for a service of some size is in [capacity.md](capacity.md). All of it is otpd with its limits, numbering plans and conversion guard on.
The codes are in the memory store unless it says Redis. The large stores are filled by `bench_filled`, which is otpd itself with codes already in
its store: each made by the same send as any other, but without HTTP ([bench/filled_otpd.cpp](../bench/filled_otpd.cpp)).

'''


def whole(number):
    return f'{number:,.0f}'


def table(head, rows):
    yield '| ' + ' | '.join(head) + ' |'
    yield '|---|' + '---:|' * (len(head) - 1)
    for row in rows:
        yield '| ' + ' | '.join(row) + ' |'


def live(lines):
    found = of(lines, 'live')
    if not found:
        return
    least = values(found, 'codes')[0]
    yield ('**Live codes.** Checks of wrong codes, of numbers at random among all that have one, and sends to new numbers; each at a constant rate, so '
           'that a latency counts from when its request was due. A cost is held against that with the fewest codes in the same round.')
    yield ''
    rows = []
    for load in ('check', 'send'):
        base = of(found, 'live', load=load, codes=least)
        for codes in values(found, 'codes'):
            mine = of(found, 'live', load=load, codes=codes)
            rows.append([f'{load}, {whole(codes)}', f'{median(map(cpu_us, mine)):.1f}', f'{ratio_in_rounds(mine, base, cpu_us):.2f}'] +
                        [whole(median(map(latency(percent), mine))) for percent in ('50', '99', '99.9')])
    yield from table(['live codes', 'CPU us', f'of {whole(least)}', 'p50 us', 'p99 us', 'p99.9 us'], rows)
    yield ''
    yield '![CPU for a request by the number of live codes](images/growth-live.svg)'


def memory(lines):
    grown = list(bytes_per_code(lines))
    sent = of(lines, 'sent')
    if not grown and not sent:
        return
    yield '**Memory of a live code.** Resident memory of the process, all that a send leaves: the code, its timeline and receipt, and the number\'s counters.'
    yield ''
    rows = [[f'from {whole(least)} to {whole(most)}', f'{each:.0f}'] for least, most, each in grown]
    rows += [[f'from {whole(line["live_before"])} to {whole(line["codes"])}, by sends over HTTP', f'{bytes_per_sent_code(line):.0f}'] for line in sent]
    yield from table(['live codes', 'bytes each'], rows)


def expiry(lines):
    found = of(lines, 'expiry')
    if not found:
        return
    before, during = (of(found, 'expiry', window=window) for window in ('before', 'during'))
    yield (f'**{whole(found[0]["codes"])} codes that end within one second**, with all else that was kept of them, while codes that stay are checked: '
           f'p99.9 is {ratio_in_rounds(during, before, latency("99.9")):.2f} times that of the seconds before (median of rounds).')
    yield ''
    rows = []
    for name, mine in (('before', before), ('while they end', during)):
        rows.append([name, f'{median(map(cpu_us, mine)):.1f}'] + [whole(median(map(latency(percent), mine))) for percent in ('50', '99', '99.9', 'max')])
    gone = median([line['live'] - line['live_after'] for line in during])
    yield from table(['checks', 'CPU us, sweeper included', 'p50 us', 'p99 us', 'p99.9 us', 'longest us'], rows)
    yield ''
    yield (f'{whole(gone)} were removed in the three seconds that were measured, the last one '
           f'{median([line["seconds"] for line in of(lines, "swept")]):.1f} s after the first had ended.')


def idle(lines):
    found = of(lines, 'idle')
    if not found:
        return
    yield ('**Idle connections.** Kept, each after one request. Resident memory of the process; the buffers and structures of the kernel, a few KiB for '
           'each socket, are in no process\'s resident memory and not in it.')
    yield ''
    rows = []
    for count in values(found, 'connections'):
        mine = of(found, 'idle', connections=count)
        rows.append([whole(count), whole(median([line['bytes_per_connection'] for line in mine])), whole(median([line['grown_kib'] for line in mine]))])
    yield from table(['connections', 'bytes each', 'KiB in all'], rows)


def threads(lines):
    found = of(lines, 'threads')
    if not found:
        return
    yield '**Threads.** As many requests as get an answer, over 64 connections; server, load and stub share the processors.'
    yield ''
    rows = []
    for load in ('check', 'send'):
        base = of(found, 'threads', load=load, threads=1)
        for count in values(found, 'threads'):
            mine = of(found, 'threads', load=load, threads=count)
            rows.append([f'{load}, {count}', f'{median(map(cpu_us, mine)):.1f}', f'{ratio_in_rounds(mine, base, cpu_us):.2f}',
                         whole(median([1e6 * asked(line) / line['figures']['us'] for line in mine]))])
    yield from table(['threads', 'CPU us', 'of one thread', 'requests/s'], rows)


NAMES = {'redis': 'Redis', 'postgres': 'PostgreSQL'}


def store_us(line):
    return line['store_cpu_ns'] / 1000 / asked(line)


def shared(lines):
    found = of(lines, 'shared')
    if not found:
        return
    yield ('**Live codes in a shared store.** Like the first table, with one otpd and its store on this machine, and fewer requests a second. The '
           'stored bytes are those of Redis\'s memory and of PostgreSQL\'s tables and indexes, for each code, with all that was counted for it.')
    yield ''
    rows = []
    for line in of(lines, 'stored'):
        for load in ('check', 'send'):
            mine = of(found, 'shared', store=line['store'], codes=line['codes'], load=load)
            rows.append([f'{NAMES[line["store"]]}, {load}, {whole(line["codes"])}', f'{median(map(cpu_us, mine)):.1f}', f'{median(map(store_us, mine)):.1f}'] +
                        [whole(median(map(latency(percent), mine))) for percent in ('50', '99')] + [whole(line['store_bytes'] / line['codes'])])
    yield from table(['store, load, live codes', 'otpd, CPU us', 'store, CPU us', 'p50 us', 'p99 us', 'bytes for each code'], rows)


def instances(lines):
    found = of(lines, 'instances')
    if not found:
        return
    yield ('**Instances on one store.** Checks over 64 connections in all, codes sent by one of them. The instances, the store and the load share this '
           'machine\'s processors, so that the sum of checks cannot grow here; the CPU of each tells what more machines would do.')
    yield ''
    rows = []
    for store in values(found, 'store'):
        for count in values(found, 'instances'):
            mine = of(found, 'instances', store=store, instances=count)
            rows.append([f'{NAMES[store]}, {count}', whole(median([line['requests'] / line['seconds'] for line in mine])), f'{median(map(cpu_us, mine)):.1f}',
                         f'{median(map(store_us, mine)):.1f}'])
    yield from table(['instances', 'checks/s in all', 'otpd, CPU us', 'store, CPU us'], rows)


def start(lines):
    found = of(lines, 'start')
    if not found:
        return
    yield '**Start.** From exec to the first 200, memory store.'
    yield ''
    rows = []
    for path in values(found, 'path'):
        times = sorted(line['ms'] for line in of(found, 'start', path=path))
        rows.append([f'`{path}`', f'{median(times):.1f}', f'{times[-1]:.1f}', f'{len(times)}'])
    yield from table(['asked', 'median ms', 'longest ms', 'starts'], rows)


def drift(samples):
    """The ratio of resident memory at the end to that after half of the requests; each is the median of a tenth of the samples."""
    half, tenth = len(samples) // 2, max(1, len(samples) // 10)
    middle, last = (median([line['resident_kib'] for line in part]) for part in (samples[half:half + tenth], samples[-tenth:]))
    return last / middle - 1


def soak(lines):
    samples = of(lines, 'soak')
    if not samples:
        return
    last = samples[-1]
    yield (f'**Soak.** {whole(last["requests"])} requests, a quarter of them sends and the others checks, {whole(last["live"])} live codes '
           f'that end and are sent again: resident memory drifts by {100 * drift(samples):+.2f} % in the second half, to {last["resident_kib"] / 1024:.1f} MiB.')
    yield ''
    yield '![Resident memory during the soak](images/growth-soak.svg)'


PARTS = (live, memory, expiry, idle, threads, shared, instances, start, soak)


def text(lines):
    for part in PARTS:
        written = list(part(lines))
        if written:
            yield from written
            yield ''


def keep(path, part, fresh):
    """Replaces the lines of a part, which follow a line `machine` with the part's name."""
    kept, mine = [], False
    for line in read(path):
        if line['what'] == 'machine':
            mine = line['part'] == part
        if not mine:
            kept.append(line)
    kept += read(fresh)
    with open(path + '.new', 'w', encoding='utf-8') as out:
        out.writelines(json.dumps(line, separators=(',', ':')) + '\n' for line in kept)
    os.replace(path + '.new', path)


def machine(lines):
    known = of(lines, 'machine')
    runs = {}
    for line in known:
        runs.setdefault((line['commit'], line['rounds']), []).append(line['part'])
    parts = '; '.join(f'{", ".join(names)}: commit {commit}, ' + (f'medians of {rounds} rounds' if rounds > 1 else 'one round')
                      for (commit, rounds), names in runs.items())
    last = known[-1]
    return f'{last["date"][:10]}, {last["processors"]} processors ({last["model"]}), Linux {last["kernel"]}. Parts {parts}.'


def document(results, path, images):
    lines = read(results)
    try:
        with open(path, encoding='utf-8') as before:
            page = before.read()
    except FileNotFoundError:
        page = '# Performance\n'
    if BEGIN not in page:
        page = page.rstrip('\n') + '\n' + SECTION + BEGIN + '\n' + END + '\n'
    head, rest = page.split(BEGIN, 1)
    tail = rest.split(END, 1)[1]
    body = '\n'.join([machine(lines), '', *text(lines)])
    with open(path, 'w', encoding='utf-8') as out:
        out.write(head + BEGIN + '\n' + body + END + tail)
    os.makedirs(images, exist_ok=True)
    growth_curves.write(lines, images)


def main():
    command, *rest = sys.argv[1:]
    if command == 'keep':
        keep(*rest)
    elif command == 'text':
        print('\n'.join(text(read(rest[0]))))
    elif command == 'document':
        document(*rest)
    else:
        sys.exit(__doc__)


main()
