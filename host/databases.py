"""Odoo databases: templates without the addon (the Dutch chart; a company's apps), others with the
addon as it is now, and copies.

A database and its filestore belong together, so both are copied and dropped together. A template
is never served: its asset bundles would then live in its filestore.
"""

import contextlib
import hashlib
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psycopg2
from psycopg2 import sql

from . import odoo_command
from .console import step
from .locks import exclusive
from .odoo_source import OdooSource
from .paths import ADDON, CHECKOUT, HOST, ODOO_DATA, REQUIREMENTS
from .postgresql import Server

ADDON_TEMPLATE = "tribe_addon"


@dataclass(frozen=True)
class Ground:
    """What a database has before the addon is installed: modules, and what a script sets up.

    ``above`` is another ground that is there first.
    """

    name: str
    modules: tuple[str, ...]
    script: Path
    takes: str
    above: "Ground | None" = None

    def inputs(self) -> list[str]:
        """What it is made of: another ground has others."""
        above = self.above.inputs() if self.above else []
        return [*above, *self.modules, self.script.read_text()]


CHART = Ground(
    "template",
    ("account", "l10n_nl"),
    Path(__file__).with_name("template_script.py"),
    "the Dutch chart (once, about 2 minutes)",
)
# The apps of a company that has been using Odoo for years, and what it found in the Odoo Community
# Association. None of these refuses a contact unless somebody configures it to.
COMPANY = Ground(
    "company",
    (
        "account_debit_note",
        "account_edi_ubl_cii",
        "account_peppol",
        "base_automation",
        "contacts",
        "crm",
        "hr_expense",
        "l10n_be",
        "point_of_sale",
        "portal",
        "project",
        "purchase_stock",
        "sale_management",
        "sale_purchase",
        "sale_stock",
        "stock_account",
        "website_sale",
        # Of the Odoo Community Association.
        "account_fiscal_position_vat_check",
        "account_global_discount",
        "account_journal_lock_date",
        "base_location",
        "base_partner_sequence",
        "partner_company_default",
        "partner_contact_address_default",
        "partner_firstname",
        "partner_mobile",
    ),
    Path(__file__).with_name("company_script.py"),
    "a company's apps (once, about 3 minutes)",
    above=CHART,
)


class Databases:
    """The databases of one PostgreSQL, made from the template of one Odoo."""

    def __init__(self, server: Server, odoo: OdooSource):
        self.server = server
        self.odoo = odoo

    def prepare(self, grounds: Iterable[Ground] = (CHART,)) -> None:
        """Make templates, so that several processes can copy them at once."""
        for ground in grounds:
            self._template(ground)

    def create(self, name: str) -> None:
        """Make a database (replacing one of that name) with the Dutch chart, without the addon."""
        template = self._template(CHART)
        self.drop(name)
        self.copy(template, name)

    def create_with_addon(
        self, name: str, modules: Iterable[str] = (), ground: Ground = CHART
    ) -> None:
        """Make a database with the addon and other modules installed on top of a ground.

        :raises Failure: when the addon cannot be installed, with the log's last error.
        """
        template = self._addon_template(sorted(modules), ground)
        self.drop(name)
        self.copy(template, name)

    def create_with_demo_data(self, name: str) -> None:
        """Make a database with the addon and its demo data, and without those of other modules.

        Odoo gives a module its demo data only where all modules it depends on have theirs; so
        these are said to have them.

        :raises Failure: when the addon cannot be installed, with the log's last error.
        """
        self.create(name)
        self._execute(sql.SQL("UPDATE ir_module_module SET demo = true"), database=name)
        with step(f"install the addon with demo data in the database {name}"):
            odoo_command.install(self.server, self.odoo, name, ["tribe_connector"], "--with-demo")

    def leave_unvacuumed(self, name: str) -> None:
        """Have PostgreSQL neither vacuum nor analyze a database by itself.

        For tests that roll everything back: it would count no rows at all, and then plan as if
        there never were any. Odoo's query of payment states takes 20 s that way.
        """
        self._execute(
            sql.SQL(
                """
                DO $$
                DECLARE name text;
                BEGIN
                    FOR name IN SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
                                 WHERE schemaname = 'public'
                    LOOP
                        EXECUTE 'ALTER TABLE ' || name || ' SET (autovacuum_enabled = false)';
                    END LOOP;
                END
                $$
                """
            ),
            database=name,
        )

    def copy(self, source: str, target: str) -> None:
        """Copy a database that nobody uses, with its filestore."""
        self._execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(target), sql.Identifier(source)
            )
        )
        if _filestore(source).exists():
            shutil.copytree(_filestore(source), _filestore(target), dirs_exist_ok=True)

    def drop(self, name: str) -> None:
        """Drop a database, if it is there, with its filestore."""
        self._execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        )
        shutil.rmtree(_filestore(name), ignore_errors=True)

    def _addon_template(self, modules: list[str], ground: Ground) -> str:
        """The name of a database with the addon as it is now; those of older ones are dropped."""
        # Several checkouts may share one PostgreSQL.
        family = f"{ADDON_TEMPLATE}_{_digest(str(CHECKOUT).encode())[:6]}"
        version = _digest(self._fingerprint(CHART).encode(), *_contents(CHECKOUT / ADDON))[:10]
        kind = _digest(*map(str.encode, [*modules, ground.name, self._fingerprint(ground)]))[:6]
        name = f"{family}_{version}_{kind}"
        template = self._template(ground)
        with exclusive(HOST / "addon-template.lock"):
            if not self.exists(name):
                for old in self._named(family):
                    if not old.startswith(f"{family}_{version}"):
                        self.drop(old)
                self._make_addon_template(template, name, modules)
        return name

    def _make_addon_template(self, template: str, name: str, modules: list[str]) -> None:
        unfinished = f"{name}_unfinished"
        self.drop(unfinished)
        self.copy(template, unfinished)
        with step(f"install the addon{''.join(f', {module}' for module in modules)}"):
            odoo_command.install(self.server, self.odoo, unfinished, ["tribe_connector", *modules])
        self._rename(unfinished, name)

    def _template(self, ground: Ground) -> str:
        above = ground.above and self._template(ground.above)
        name = f"tribe_{ground.name}_{self._fingerprint(ground)}"
        with exclusive(HOST / f"{ground.name}.lock"):
            if not self.exists(name):
                self._make_template(ground, name, above)
        return name

    def _make_template(self, ground: Ground, name: str, above: str | None) -> None:
        unfinished = f"{name}_unfinished"
        self.drop(unfinished)
        with step(f"make the template database with {ground.takes}"):
            if above:
                self.copy(above, unfinished)
            else:
                self._execute(
                    sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(
                        sql.Identifier(unfinished)
                    )
                )
            odoo_command.install(self.server, self.odoo, unfinished, list(ground.modules))
            odoo_command.run_script(self.server, self.odoo, unfinished, ground.script)
        self._rename(unfinished, name)

    def _rename(self, old: str, new: str) -> None:
        shutil.rmtree(_filestore(new), ignore_errors=True)
        if _filestore(old).exists():
            _filestore(old).rename(_filestore(new))
        self._execute(
            sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                sql.Identifier(old), sql.Identifier(new)
            )
        )

    def _fingerprint(self, ground: Ground) -> str:
        inputs = [
            self.odoo.version,
            str(self.odoo.python_path),
            *ground.inputs(),
            REQUIREMENTS.read_text(),
        ]
        return hashlib.sha256("\n".join(inputs).encode()).hexdigest()[:10]

    def exists(self, name: str) -> bool:
        """Whether there is a database of that name."""
        with self._connection() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            return cursor.fetchone() is not None

    def _named(self, prefix: str) -> list[str]:
        with self._connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix]
            )
            return [name for (name,) in cursor.fetchall()]

    def _execute(self, statement: sql.Composable, database: str = "postgres") -> None:
        with self._connection(database) as connection, connection.cursor() as cursor:
            cursor.execute(statement)

    @contextlib.contextmanager
    def _connection(self, database: str = "postgres"):
        connection = psycopg2.connect(dbname=database, **self.server.connection_options())
        connection.autocommit = True
        with contextlib.closing(connection):
            yield connection


def _filestore(database: str) -> Path:
    return ODOO_DATA / "filestore" / database


def _contents(folder: Path) -> Iterable[bytes]:
    """The names and the contents of a folder's files."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield str(path.relative_to(folder)).encode()
            yield path.read_bytes()


def _digest(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(b"%d:" % len(part))
        digest.update(part)
    return digest.hexdigest()
