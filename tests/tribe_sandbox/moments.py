"""Dates and moments as the API writes them. docs/tribe-api.md.

A moment is text in UTC with whole seconds; an invoice date is a day in the Netherlands.
"""

import datetime
from zoneinfo import ZoneInfo

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def now():
    """Return the present moment as the API writes it."""
    return written(datetime.datetime.now(datetime.timezone.utc))


def today():
    """Return today's date in the Netherlands."""
    return datetime.datetime.now(AMSTERDAM).date()


def written(moment):
    """Return an aware datetime as ``2026-01-05T09:00:00Z``."""
    return moment.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def midnight(day):
    """Return the start of *day* in the Netherlands, written in UTC."""
    return written(datetime.datetime(day.year, day.month, day.day, tzinfo=AMSTERDAM))
