"""Plugin for tests with Odoo inside: what is loaded once is not looked at again and again.

Odoo's registry is millions of objects that stay; each full collection goes through all of them.
"""

import gc

# Objects made before a collection of the youngest, and collections before one of the older.
RARELY = (50_000, 20, 50)


def pytest_collection_finish():
    gc.collect()
    gc.freeze()
    gc.set_threshold(*RARELY)
