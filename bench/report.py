"""Reports the results of script/bench: bench/report.py COMMAND RESULTS [DOCUMENT]

most        prints the highest rate of each contestant, in answered requests per second
summarise   adds the medians to RESULTS, which has one JSON object a line
table       prints them
document    writes them into DOCUMENT, between its two markers
"""

import json
import statistics
import sys

# The reference of each contestant, by the first matching prefix. A cycle is a check and a send.
AGAINST = (
    ("nginx-fixed", ("nginx-fixed",)),
    ("beast", ("nginx-fixed",)),
    ("check", ("nginx-fixed",)),
    ("nginx-", ("nginx-proxy",)),
    ("send", ("nginx-proxy",)),
    ("mixed", ("nginx-fixed", "nginx-proxy")),
)

# The maximum ratio of the first one's CPU per request to the second one's.
GOALS = (
    ("check-memory-1", "nginx-fixed", 1.15),
    ("check-memory-1", "beast", 1.00),
    ("send-memory-1", "nginx-proxy", 1.25),
    ("send-memory-1", "nginx-relay", 1.25),
    ("check-memory-2", "check-memory-1", 1.15),
    ("send-memory-2", "send-memory-1", 1.15),
)

PERCENTILES = ("50", "99", "99.9", "99.99", "max")
BEGIN, END = "<!-- comparison: written by script/bench -->", "<!-- /comparison -->"


def read(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def of_kind(rows, what):
    return [row for row in rows if row["what"] == what]


def in_order(rows):
    return list(dict.fromkeys(row["contestant"] for row in rows))


# --- one round


def requests_per_s(row):
    return row["wrk"]["requests"] * 1e6 / row["wrk"]["us"]


def cpu_us(row):
    return row["cpu_ns"] / 1e3 / row["wrk"]["requests"]


def user_us(row):
    ticks = row["user_ticks"] + row["system_ticks"]
    return cpu_us(row) * row["user_ticks"] / ticks if ticks else 0.0


def store_us(row):
    return row["store_cpu_ns"] / 1e3 / row["wrk"]["requests"]


class Rounds:
    """The results of all contestants, by round."""

    def __init__(self, rows):
        self.rows = {(row["contestant"], row["round"]): row for row in of_kind(rows, "saturated")}
        self.contestants = in_order(of_kind(rows, "saturated"))

    def of(self, contestant):
        return [row for (name, _), row in self.rows.items() if name == contestant]

    def ratios(self, contestant, others):
        """The ratios of the CPU per request, one for each round in which all of them took part."""
        out = []
        for (name, turn), row in self.rows.items():
            if name == contestant and all((other, turn) in self.rows for other in others):
                out.append(cpu_us(row) / statistics.fmean(cpu_us(self.rows[other, turn]) for other in others))
        return out


# --- the medians


def against(contestant):
    name = contestant.removeprefix("base-")
    return next(others for prefix, others in AGAINST if name.startswith(prefix))


def rounded(value):
    return round(value, 3)


def outcome_shares(turns):
    totals = {}
    for row in turns:
        for outcome, count in row["outcomes"].items():
            totals[outcome] = totals.get(outcome, 0) + count
    everything = sum(totals.values())
    if not everything: # only otpd counts them
        answers = sum(row["wrk"]["requests"] for row in turns)
        totals = {"http_2xx": answers - sum(row["wrk"]["not_2xx"] for row in turns), "http_refused": sum(row["wrk"]["not_2xx"] for row in turns)}
        everything = answers
    return {outcome: rounded(count / everything) for outcome, count in sorted(totals.items(), key=lambda each: -each[1])}


def saturated_median(rounds, contestant):
    turns = rounds.of(contestant)

    def median(of):
        return rounded(statistics.median(of(row) for row in turns))

    out = {
        "what": "median",
        "part": "saturated",
        "contestant": contestant,
        "requests_per_s": median(requests_per_s),
        "cpu_us": median(cpu_us),
        "user_us": median(user_us),
        "system_us": median(lambda row: cpu_us(row) - user_us(row)),
        "p50_us": median(lambda row: row["wrk"]["p50_us"]),
        "p99_us": median(lambda row: row["wrk"]["p99_us"]),
        "p999_us": median(lambda row: row["wrk"]["p999_us"]),
        "resident_mib": median(lambda row: row["resident_kib"] / 1024),
        "socket_errors": sum(row["wrk"]["socket_errors"] for row in turns),
        "outcomes": outcome_shares(turns),
    }
    if all("store_cpu_ns" in row for row in turns):
        out["store_us"] = median(store_us)
    ratios = rounds.ratios(contestant, against(contestant))
    if ratios:
        out["against"] = list(against(contestant))
        out["ratio"] = rounded(statistics.median(ratios))
        out["ratios"] = [rounded(each) for each in ratios]
    return out


def paced_medians(rows):
    groups = {}
    for row in of_kind(rows, "paced"):
        groups.setdefault((row["contestant"], row["share"]), []).append(row["load"])
    for (contestant, share), loads in groups.items():
        yield {
            "what": "median",
            "part": "paced",
            "contestant": contestant,
            "share": share,
            "asked_per_s": rounded(statistics.median(load["asked_per_s"] for load in loads)),
            "answered_per_s": rounded(statistics.median(load["answered_per_s"] for load in loads)),
            "unanswered": sum(load["unanswered"] for load in loads),
            "late_us": {each: rounded(statistics.median(load["late_us"][each] for load in loads)) for each in loads[0]["late_us"]},
            "latency_us": {each: rounded(statistics.median(load["latency_us"][each] for load in loads)) for each in loads[0]["latency_us"]},
        }


def goals(rows):
    rounds = Rounds(rows)
    for contestant, other, limit in GOALS:
        ratios = rounds.ratios(contestant, (other,))
        if ratios:
            ratio = rounded(statistics.median(ratios))
            yield {"what": "goal", "contestant": contestant, "against": other, "at_most": limit, "ratio": ratio, "reached": ratio <= limit}


def summary_of(rows):
    rounds = Rounds(rows)
    yield from (saturated_median(rounds, contestant) for contestant in rounds.contestants)
    yield from paced_medians(rows)
    yield from goals(rows)


# --- as tables


def milliseconds(us):
    return f"{us / 1000:.2f}" if us < 100_000 else f"{us / 1000:.0f}"


def percent(share):
    return "all" if share > 0.9995 else f"{100 * share:.1f} %"


def replies(row):
    return ", ".join(f"{percent(share)} {outcome.split('_', 1)[1]}" for outcome, share in row["outcomes"].items() if share >= 0.0005)


def saturated_table(rows):
    yield "contestant", "requests/s", "CPU us", "user", "system", "ratio", "to", "store us", "p50 ms", "p99", "p99.9", "MiB", "outcomes"
    for row in rows:
        yield (
            row["contestant"],
            f"{row['requests_per_s']:,.0f}",
            f"{row['cpu_us']:.1f}",
            f"{row['user_us']:.1f}",
            f"{row['system_us']:.1f}",
            f"{row['ratio']:.2f}" if "ratio" in row else "",
            " + ".join(row.get("against", ())),
            f"{row['store_us']:.1f}" if "store_us" in row else "",
            milliseconds(row["p50_us"]),
            milliseconds(row["p99_us"]),
            milliseconds(row["p999_us"]),
            f"{row['resident_mib']:.0f}",
            replies(row),
        )


def paced_table(rows):
    yield "contestant", "load", "requests/s", "answered", *(f"p{each} ms" if each != "max" else "max" for each in PERCENTILES), "unanswered", "late p99"
    for row in rows:
        latencies = (milliseconds(row["latency_us"][each]) for each in PERCENTILES)
        yield (
            row["contestant"],
            f"{row['share']} %",
            f"{row['asked_per_s']:,.0f}",
            f"{row['answered_per_s']:,.0f}",
            *latencies,
            str(row["unanswered"]),
            milliseconds(row["late_us"]["99"]),
        )


def goal_table(rows):
    yield "CPU for a request of", "against", "ratio", "at most", "reached"
    for row in rows:
        yield row["contestant"], row["against"], f"{row['ratio']:.2f}", f"{row['at_most']:.2f}", "yes" if row["reached"] else "no"


def tables(rows):
    medians = of_kind(rows, "median")
    for of_part, make in (
        ([row for row in medians if row["part"] == "saturated"], saturated_table),
        ([row for row in medians if row["part"] == "paced"], paced_table),
        (of_kind(rows, "goal"), goal_table),
    ):
        if of_part:
            yield list(make(of_part))


def as_text(table):
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    for row in table:
        cells = [cell.ljust(width) if column in (0, 6, 12) else cell.rjust(width) for column, (cell, width) in enumerate(zip(row, widths))]
        yield "  ".join(cells).rstrip()


def as_markdown(table):
    for row in table[:1]:
        yield f"| {' | '.join(row)} |"
        yield f"|{'---|' * len(row)}"
    for row in table[1:]:
        yield f"| {' | '.join(row)} |"


def facts(rows):
    machine = of_kind(rows, "machine")[0]
    return (
        f"{machine['date'][:10]}: {machine['otpd']} ({machine['commit']}), {machine['processors']} x {machine['model']}, "
        f"Linux {machine['kernel']}, nginx {machine['nginx']}, wrk {machine['wrk']}. Medians; rounds of {machine['seconds']} s: "
        f"{machine['rounds']}, at a constant rate, of {machine['paced_seconds']} s: {machine['paced_rounds']}."
    )


def document(rows, text):
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        sys.exit(f"report: the document lacks the lines {BEGIN} and {END}")
    parts = [facts(rows), *("\n".join(as_markdown(table)) for table in tables(rows))]
    return f"{before}{BEGIN}\n" + "\n\n".join(parts) + f"\n{END}{after}"


# --- commands


def most(path):
    rounds = Rounds(read(path))
    for contestant in rounds.contestants:
        print(contestant, int(statistics.median(map(requests_per_s, rounds.of(contestant)))))


def summarise(path):
    rows = [row for row in read(path) if row["what"] in ("machine", "saturated", "paced")]
    with open(path, "w", encoding="utf-8") as lines:
        for row in [*rows, *summary_of(rows)]:
            lines.write(json.dumps(row, separators=(",", ":")) + "\n")


def table(path):
    rows = read(path)
    print(facts(rows))
    for each in tables(rows):
        print()
        print("\n".join(as_text(each)))


def write_document(path, to):
    with open(to, encoding="utf-8") as file:
        text = document(read(path), file.read())
    with open(to, "w", encoding="utf-8") as file:
        file.write(text)


def main():
    commands = {"most": most, "summarise": summarise, "table": table, "document": write_document}
    if len(sys.argv) < 3 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    commands[sys.argv[1]](*sys.argv[2:])


main()
