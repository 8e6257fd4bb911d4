"""Odoo's own ``neutralize`` makes a copy of a database forget how to reach Tribe."""

import subprocess

import pytest

from host import odoo_command
from host.paths import LOGS

from .conftest import DATABASE, HARMLESS
from .database import credential_values, rows

COPY = "tribe_security_copy"


@pytest.fixture(scope="module")
def copy(day, databases):
    """A copy of the database, neutralized."""
    databases.drop(COPY)
    databases.copy(DATABASE, COPY)
    configuration = odoo_command.write_configuration(
        LOGS / f"{COPY}.conf", odoo_command.configuration(databases.server, databases.odoo, COPY)
    )
    result = subprocess.run(
        odoo_command.command("neutralize", "-c", str(configuration)),
        env=odoo_command.environment(databases.odoo),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "Neutralization finished" in result.stderr
    yield COPY
    databases.drop(COPY)


def test_the_original_keeps_its_secrets(copy, day, server):
    original = credential_values(server, DATABASE)
    assert {name: original[name] for name in day.secrets} == {
        name: [secret] for name, secret in day.secrets.items()
    }
    assert rows(server, DATABASE, "SELECT mode FROM tribe_connection") == [("demo",)]


def test_every_column_that_is_not_known_to_be_harmless_is_empty(copy, server):
    values = credential_values(server, copy)
    assert values.keys() > HARMLESS
    assert {name: kept for name, kept in values.items() if kept != [None]}.keys() <= HARMLESS


def test_every_connection_is_off(copy, server):
    assert rows(server, copy, "SELECT mode FROM tribe_connection") == [("off",)]


def test_no_secret_is_left_in_any_of_our_tables(copy, day, server):
    tables = rows(
        server,
        copy,
        "SELECT table_name FROM information_schema.tables WHERE table_name ~ '^tribe_'",
    )
    assert len(tables) > 10
    for (table,) in tables:
        text = str(rows(server, copy, f"SELECT to_json(t)::text FROM {table} t"))
        assert not [name for name, secret in day.secrets.items() if secret in text], table
