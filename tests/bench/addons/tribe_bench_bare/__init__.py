"""A controller that inserts one row: what receiving a webhook costs at least."""

from . import controller
