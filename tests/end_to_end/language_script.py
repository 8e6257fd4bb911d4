"""Runs in Odoo's shell: installs the language LANGUAGE in a database that nobody serves.

In a server Odoo's threads share a cache of languages: now and then it does not find the new one
and loads no translations.
"""

import os

language = (
    env["res.lang"]  # noqa: F821 - the shell provides env
    .with_context(active_test=False)
    .search([("code", "=", os.environ["LANGUAGE"])])
)
env["base.language.install"].create({"lang_ids": language.ids}).lang_install()  # noqa: F821
env.cr.commit()  # noqa: F821
