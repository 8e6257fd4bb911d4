"""The queue: lanes, their work and its problems, leases, tokens and the limit of calls.

It knows neither relations nor invoices.
"""

from . import lanes
from . import claiming
from . import schedule
from . import poller
from . import trial
