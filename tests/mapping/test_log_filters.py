"""A log record of any length is read once: whoever writes addresses keeps no worker busy."""

import apart


def test_a_long_request_is_read_once():
    apart.run(
        "import logging\n"
        "from tribe_connector.log_filters import _PlainPathOnly\n"
        "for piece in ('code 1, message Bad ', '\"GET /tribe/callback' + chr(27) + '[0m'):\n"
        "    text = piece + piece[-4:] * 250000 + piece * 50000 + '/tribe/callback'\n"
        "    record = logging.LogRecord('x', 20, 'x', 1, text, (), None)\n"
        "    _PlainPathOnly('/tribe/callback').filter(record)\n"
    )
