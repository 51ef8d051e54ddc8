"""Writes a seed folder of a clinic with many made-up locations, the same ones every time.

    locations.py COUNT FOLDER

Each has a lunch break, other hours from summer on and exceptions of its own beside those of the clinic.
"""

import sys
from pathlib import Path

WEEK = ["monday", "tuesday", "wednesday", "thursday", "friday"]


def week(periods):
    return ", ".join(f"{day}: [{periods}]" for day in WEEK) + ", saturday: [], sunday: []"


def location(number):
    return f"""
  - slug: location-{number}
    name: Location {number:04}
    hours: {{ {week("08:00-12:00, 13:00-17:00")} }}
    hoursChanges:
      - {{ validFrom: 2027-06-01, {week("07:00-15:00")} }}
    exceptions:
      - {{ when: 2026-12-{1 + number % 28:02}, closed: true, reason: Staff meeting }}
      - {{ when: every {1 + number % 12:02}-15, periods: [09:00-12:00], reason: Short day }}"""


def main(count, folder):
    Path(folder, "articles").mkdir(parents=True)
    Path(folder, "clinic.yaml").write_text("""clinic:
  timeZone: America/Chicago
  exceptions:
    - { when: every 12-25, closed: true, reason: Christmas Day }
    - { when: every fourth thursday of november, closed: true, reason: Thanksgiving }
    - { when: every 07-04, closed: true, reason: Independence Day }

locations:""" + "".join(location(number) for number in range(int(count))) + "\n")


main(*sys.argv[1:])
