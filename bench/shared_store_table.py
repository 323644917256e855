"""Prints the results of bench/shared_store.sh as a table: shared_store_table.py RESULTS

Figures are medians of the rounds. A ratio is otpd's figure divided by that of another program in the same round.
"""

import json
import statistics
import sys

COLUMNS = ('store', 'K', 'C', 'program', 'steps/s', 'server us', 'instance us', 'admit p50 ms', 'p99', 'retries', 'exact', 'otpd: steps/s', 'otpd: server us')


def figures(line):
    """The figures of a line, under the same names for all programs."""
    it = line['figures']
    if line['program'] == 'otpd':
        names = ('steps_per_s', 'server_us', 'instance_us', 'admit_p50_ms', 'admit_p99_ms', 'retries_per_step', 'exact')
        return dict(zip(names, (it[name] for name in names)))
    return {'steps_per_s': it['steps_s'], 'server_us': it['srv_us'], 'instance_us': it['inst_us'], 'admit_p50_ms': it['admit_p50'] / 1000,
            'admit_p99_ms': it['admit_p99'] / 1000, 'retries_per_step': it['retry_step'], 'exact': it.get('exact')}


def main():
    with open(sys.argv[1], encoding='utf-8') as file:
        lines = [json.loads(line) for line in file]
    turns = {}
    for line in lines:
        cell = (line['store'], line['instances'], line['in_flight'], line['program'])
        turns.setdefault(cell, {})[line['round']] = figures(line)
    rows = [COLUMNS]
    for (store, instances, in_flight, program), mine in turns.items():
        ours = turns[store, instances, in_flight, 'otpd']

        def median(name):
            return statistics.median(each[name] for each in mine.values())

        def ratio(name):
            if program == 'otpd' or not all(each[name] for each in mine.values()):
                return ''
            return f'x {statistics.median(ours[turn][name] / mine[turn][name] for turn in mine):.2f}'

        exact = {each['exact'] for each in mine.values()}
        rows.append((store, str(instances), str(in_flight), program, f'{median("steps_per_s"):,.0f}', f'{median("server_us"):.1f}',
                     f'{median("instance_us"):.1f}', f'{median("admit_p50_ms"):.2f}', f'{median("admit_p99_ms"):.2f}',
                     f'{median("retries_per_step"):.2f}', 'yes' if exact <= {True, 'yes'} else '' if exact <= {None, '-'} else 'NO',
                     ratio('steps_per_s'), ratio('server_us')))
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    for row in rows:
        print('  '.join(cell.ljust(width) if column in (0, 3) else cell.rjust(width) for column, (cell, width) in enumerate(zip(row, widths))).rstrip())


main()
