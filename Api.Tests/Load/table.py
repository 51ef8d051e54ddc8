"""Makes the table out of what `run` measured.

    table.py RESULTS

RESULTS has a line for each measurement: row, side (api, baseline, nginx, plain: the API with a plain INSERT, few: the API with 20
articles, 3 locations or few messages, sqlite: the API on SQLite, or one: one instance), then what
report.lua prints; or what hours.cs, altcha.cs and access.cs print, or row, side and one figure.
"""

import sys
from collections import defaultdict
from statistics import median

measured = defaultdict(list)
for line in open(sys.argv[1]):
    row, side, *figures = line.rstrip("\n").split("\t")
    measured[row, side].append([float(figure) for figure in figures])

CACHED = ["cached /v1/articles", "cached /v1/articles/{slug}", "cached /v1/locations", "cached /v1/hours"]
STATUS = "cached /v1/locations/{slug}/status"
SEVERAL = "status of 1,000 locations"
MILLION = "message, 64 senders, a million before"
TWO = "PostgreSQL: message, 64 senders, two instances behind nginx"
MORE = "memory over 200,000 more messages"
PAGE = "inbox: a page of 50"
OPEN = "inbox: open a message"


def middle(row, side, index=0):
    values = [figures[index] for figures in measured[row, side]]
    return median(values) if values else None


def milliseconds(microseconds):
    return f"{microseconds / 1000:.2f}"


def load(row, side):
    rate, p50, p99 = (middle(row, side, i) for i in range(3))
    if rate is None:
        return "–"
    failed = sum(figures[4] + figures[5] for figures in measured[row, side])
    return f"{rate:,.0f}/s, {milliseconds(p50)} / {milliseconds(p99)} ms" + (f", **{failed:.0f} failed**" if failed else "")


def line(*cells):
    print("| " + " | ".join(cells) + " |")


def verdict(met):
    return "met" if met else "**missed**"


def compare(row, target, judge, other="baseline"):
    """judge gets the ratios of the rates, of the p50s and of the p99s, API to other."""
    ratios = [middle(row, "api", i) / middle(row, other, i) for i in range(3)]
    line(row, load(row, "api"), load(row, other) + (f" ({other})" if other != "baseline" else ""), load(row, "nginx"),
         "rate {:.2f}, p50 {:.2f}, p99 {:.2f}".format(*ratios), target, verdict(judge(*ratios)) if judge else "–")


def single(row, unit, target, judge):
    api, baseline = middle(row, "api"), middle(row, "baseline")
    ratio = api / baseline if baseline else None
    line(row, f"{api:.0f} {unit}", f"{baseline:.0f} {unit}" if baseline else "–", "–",
         f"{ratio:.2f}" if ratio else "–", target, verdict(judge(api, ratio)))


def engine(row, microseconds, size):
    time, allocated = middle(row, "api", 0), middle(row, "api", 1)
    target = f"≤ {microseconds} µs" + (f", ≤ {size} B" if size else "")
    line(row, f"{time:.1f} µs, {allocated:.0f} B", "–", "–", "–", target, verdict(time <= microseconds and (not size or allocated <= size)))


print("Loads: requests a second, p50 / p99 of the latency. Medians of all rounds.\n")
line("what", "API", "baseline", "nginx", "ratio API : baseline", "target", "")
line("---", "---", "---", "---", "---", "---", "---")
for row in CACHED:
    compare(row, "rate ≥ 0.85, p99 ≤ 1.5", lambda rate, p50, p99: rate >= 0.85 and p99 <= 1.5)
compare(STATUS, "rate ≥ 0.8, p99 ≤ 1.5", lambda rate, p50, p99: rate >= 0.8 and p99 <= 1.5)
compare("message, 64 senders", "p99 ≤ 50 ms", lambda *_: middle("message, 64 senders", "api", 2) <= 50000)
compare("message, 1 sender", "p50 ≤ 1.5 ms more", lambda *_: middle("message, 1 sender", "api", 1) - middle("message, 1 sender", "baseline", 1) <= 1500)
if measured["message, 64 senders", "plain"]:
    compare("message, 64 senders", "rate ≥ 0.6", lambda rate, p50, p99: rate >= 0.6, "plain")
    compare("message, 1 sender", "–", None, "plain")
compare(MILLION, "rate ≥ 0.8", lambda rate, p50, p99: rate >= 0.8, "few")
compare("list, 10,000 articles", "p50 ≤ 1.3", lambda rate, p50, p99: p50 <= 1.3, "few")
compare("search, 10,000 articles", "p50 ≤ 2 ms", lambda *_: middle("search, 10,000 articles", "api", 1) <= 2000, "few")
line("search, 10,000 articles, 64 at once", load("search, 10,000 articles, 64 at once", "api"), *["–"] * 5)
compare(SEVERAL, "p50 ≤ 5 ms", lambda *_: middle(SEVERAL, "api", 1) <= 5000, "few")
engine("status, 50 exceptions", 5, 1024)
engine("calendar of 366 days, 50 exceptions", 1000, None)
engine("verify an ALTCHA solution", 50, None)
compare(PAGE, "p50 ≤ 5 ms, ≤ 1.5", lambda rate, p50, p99: middle(PAGE, "api", 1) <= 5000 and p50 <= 1.5, "few")
line(OPEN, load(OPEN, "api"), *["–"] * 3, "p50 ≤ 2 ms", verdict(middle(OPEN, "api", 1) <= 2000))
single("inbox: CSV", "rows/s", "≥ 20,000 rows/s", lambda api, ratio: api >= 20000)
engine("authenticate a key", 20, None)
if measured["PostgreSQL: message, 64 senders", "api"]:
    for row in "PostgreSQL: message, 64 senders", "PostgreSQL: message, 64 senders, nobody to tell":
        compare(row, "rate ≥ 0.7, p99 ≤ 1.5", lambda rate, p50, p99: rate >= 0.7 and p99 <= 1.5)
    compare("PostgreSQL: message, 1 sender", "–", None)
    compare("PostgreSQL: cached /v1/articles", "rate ≥ 0.95", lambda rate, p50, p99: rate >= 0.95, "sqlite")
if measured[TWO, "api"]:
    compare(TWO, "rate ≥ 0.9", lambda rate, p50, p99: rate >= 0.9, "one")
single("start to first answer", "ms", "≤ 3", lambda api, ratio: ratio <= 3)
for row in "memory after cached GETs", "memory after GETs and messages":
    single(f"{row}, VmRSS", "MB", "≤ 160 MB", lambda api, ratio: api <= 160)
    single(f"{row}, RssAnon", "MB", "≤ 90 MB", lambda api, ratio: api <= 90)
single(MORE, "MB", "≤ 1.1", lambda api, ratio: ratio <= 1.1)
single("memory over a CSV", "MB", "≤ 1.1", lambda api, ratio: ratio <= 1.1)
single("memory after searches in 10,000 articles", "MB", "≤ 160 MB", lambda api, ratio: api <= 160)
single("memory after searches in 10,000 articles, RssAnon", "MB", "≤ 90 MB", lambda api, ratio: api <= 90)
