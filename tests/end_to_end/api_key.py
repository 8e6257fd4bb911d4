"""A key to Odoo's external API, made without Odoo: to start that takes seconds."""

import contextlib
import secrets

import psycopg2
from passlib.hash import pbkdf2_sha512

from host.postgresql import Server

# So much of a key stands beside its hash, to find it by (res_users.py: INDEX_SIZE).
INDEX_SIZE = 8
INSERT = """
    INSERT INTO res_users_apikeys (name, user_id, expiration_date, key, index)
    SELECT 'tests', res_id, now() + interval '1 day', %s, %s
      FROM ir_model_data
     WHERE module = 'base' AND name = 'user_admin'
"""


def make(server: Server, database: str) -> str:
    """Give the administrator another API key; returns it."""
    key = secrets.token_hex(20)
    connection = psycopg2.connect(dbname=database, **server.connection_options())
    with contextlib.closing(connection), connection, connection.cursor() as cursor:
        cursor.execute(INSERT, [pbkdf2_sha512.hash(key), key[:INDEX_SIZE]])
    return key
