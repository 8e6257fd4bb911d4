"""Runs in Odoo's shell: an API key, which it writes to SEED_KEY. The tests make their own data."""

# ruff: noqa: F821 - the shell provides env
import os
from datetime import datetime, timedelta
from pathlib import Path

key = (
    env["res.users.apikeys"]
    .with_user(env.ref("base.user_admin"))
    .sudo()
    ._generate(None, "faults", datetime.now() + timedelta(days=1))
)
env.cr.commit()
Path(os.environ["SEED_KEY"]).write_text(key)
