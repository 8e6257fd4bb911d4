import logging

import psycopg2

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..engine.problems import BEING_DONE, DIFFERS, FOR_PEOPLE

_logger = logging.getLogger(__name__)

# How a record stands with Tribe, the weakest first: the strongest of all that is known counts.
STATES = [
    ("linked", "In Sync"),
    ("waiting", "Waiting"),
    ("differs", "Differs"),
    ("attention", "Needs Attention"),
]
CODES = [code for code, _label in STATES]
NUMBERS = ("debtor_number", "creditor_number")
# What a transaction has done already (``_tribe_keep_lanes_off``).
KEPT_OFF = "tribe_connector.kept_off"
# What a field's description says of where the web client offers it.
OFFERED = {"searchable", "sortable", "groupable", "exportable"}


class TribeSynchronized(models.AbstractModel):
    """Mixin of contacts and invoices: how a record stands with Tribe, to be seen and searched."""

    _name = "tribe.synchronized"
    _inherit = "tribe.written.by.connector"
    _description = "Synchronized with Tribe"

    tribe_state = fields.Selection(
        STATES,
        "Tribe CRM",
        compute="_compute_tribe_state",
        search="_search_tribe_state",
        groups="tribe_connector.group_user",
    )

    tribe_note = fields.Text(
        "For You to Decide",
        compute="_compute_tribe_note",
        groups="tribe_connector.group_user",
        help="What differs from Tribe, or waits for a person.",
    )

    # To be set: the field of tribe.link and the kind of tribe.work that name these records.
    _tribe_link_field: str
    _tribe_work_kind: str

    @api.model
    def fields_get(self, allfields=None, attributes=None):
        """As Odoo's; our fields are not offered for filters, groups and exports to who has none of
        our groups, although every employee may read some of them.
        """
        descriptions = super().fields_get(allfields, attributes)
        if not self.env.user.has_group("tribe_connector.group_user"):
            for name, description in descriptions.items():
                if name.startswith("tribe_") or name in NUMBERS:
                    description.update(dict.fromkeys(OFFERED & description.keys(), False))
        return descriptions

    def _tribe_apart(self, step, intended=()):
        """Take a step of ours within somebody's own work, which goes on whatever happens in it.

        What that work has pending is written first, and outside: its errors are its own, and
        nothing of it is undone together with ours. Returns whether the step was taken.

        :param intended: exceptions of the step that are meant to stop that work
        :raises psycopg2.OperationalError: Odoo repeats what could not be serialized
        """
        self.env.flush_all()
        try:
            with self.env.cr.savepoint():
                step()
        except (psycopg2.OperationalError, *intended):
            raise
        except Exception:
            _logger.exception("What was saved, %s, could not be noted for Tribe", self)
            return False
        return True

    def _tribe_keep_lanes_off(self, with_links=False):
        """Have no lane write to these records from now on, until somebody's own work is done.

        Else what a lane writes in the middle of that would have all of it fail, and begin anew.
        A lane that comes gives way. One that was just there has this fail, before anything is
        done, and Odoo begins anew.

        :param with_links: also to their links, which that work changes too
        :raises psycopg2.errors.SerializationFailure: which is not logged
        """
        done = self.env.cr.postcommit.data.setdefault(KEPT_OFF, set())
        asked = {(self._name, record_id, with_links) for record_id in self.ids} - done
        if not asked:
            return
        done |= asked
        self.env.cr.execute(
            SQL(
                "SELECT 1 FROM tribe_link link JOIN %(table)s record ON record.id = link.%(link)s"
                " WHERE record.id = ANY(%(ids)s) ORDER BY record.id, link.id"
                " FOR NO KEY UPDATE OF %(locked)s",
                table=SQL.identifier(self._table),
                link=SQL.identifier(self._tribe_link_field),
                ids=sorted(record_id for _name, record_id, _with_links in asked),
                locked=SQL("record, link") if with_links else SQL("record"),
            ),
            log_exceptions=False,
        )

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_tribe_state(self):
        strengths = dict(
            self.env.execute_query(
                SQL(
                    "SELECT id, max(strength) FROM (%s) AS known WHERE id IN %s GROUP BY id",
                    self._tribe_strengths(),
                    tuple(self._origin.ids) or (0,),
                )
            )
        )
        for record in self:
            strength = strengths.get(record._origin.id)
            record.tribe_state = CODES[strength] if strength is not None else False

    @api.depends_context("uid", "allowed_company_ids", "lang")
    def _compute_tribe_note(self):
        # With the rights of who reads it: their links and problems alone.
        for record in self:
            links = self.env["tribe.link"].search(
                [(self._tribe_link_field, "in", record._origin.ids)]
            )
            about_it = Domain("kind", "=", self._tribe_work_kind) & Domain(
                "reference", "in", [str(number) for number in record._origin.ids]
            )
            about_links = Domain("direction", "=", "inbound") & Domain(
                "reference", "in", links.filtered("tribe_id").mapped("tribe_id")
            )
            problems = self.env["tribe.work"].search(
                Domain("error_class", "in", FOR_PEOPLE)
                # That is said by the link itself.
                & Domain("cause", "!=", DIFFERS)
                & (about_it | about_links)
            )
            sentences = [link._where_it_differs() for link in links if link.difference_shown]
            record.tribe_note = "\n".join([*sentences, *problems.mapped("error")]) or False

    @api.model
    def _search_tribe_state(self, operator, value):
        # Odoo does not look at the groups of a field that has its own search.
        self._check_field_access(self._fields["tribe_state"], "read")
        if operator != "in":
            return NotImplemented
        wanted = tuple(CODES.index(code) for code in value if code in CODES)
        domain = Domain("id", "in", self._tribe_ids("HAVING max(strength) IN %s", wanted or (-1,)))
        if False in value:
            domain |= Domain("id", "not in", self._tribe_ids(""))
        return domain

    def _tribe_ids(self, having, *parameters):
        return SQL(
            "(SELECT id FROM (%s) AS known WHERE id IS NOT NULL GROUP BY id %s)",
            self._tribe_strengths(),
            SQL(having, *parameters),
        )

    def _tribe_strengths(self):
        """Rows ``(id, strength)``: all that links and work tell of these records."""
        self.env["tribe.link"].flush_model()
        self.env["tribe.work"].flush_model()
        links = self.env["tribe.link"]._search(Domain.TRUE).subselect()
        works = self.env["tribe.work"]._search(Domain(BEING_DONE)).subselect()
        return SQL(
            """
            SELECT link.%(record)s AS id,
                   CASE link.state WHEN 'linked' THEN %(linked)s
                                   WHEN 'sending' THEN %(waiting)s ELSE %(differs)s END AS strength
              FROM tribe_link link
             WHERE link.state != 'left_to_odoo' AND link.id IN %(links)s
            UNION ALL
            SELECT link.%(record)s, %(strength_of_work)s
              FROM tribe_work work
              JOIN tribe_link link ON link.connection_id = work.connection_id
                                  AND link.tribe_id = work.reference
             WHERE work.direction = 'inbound' AND link.id IN %(links)s AND work.id IN %(works)s
            UNION ALL
            SELECT CASE WHEN work.kind = %(kind)s AND work.reference ~ '^[0-9]{1,9}$'
                        THEN work.reference::integer END,
                   %(strength_of_work)s
              FROM tribe_work work
             WHERE work.kind = %(kind)s AND work.id IN %(works)s
            """,
            links=links,
            works=works,
            record=SQL.identifier(self._tribe_link_field),
            strength_of_work=_strength_of_work(),
            kind=self._tribe_work_kind,
            linked=CODES.index("linked"),
            waiting=CODES.index("waiting"),
            differs=CODES.index("differs"),
        )


def _strength_of_work():
    """How strong a row of work is, as SQL."""
    return SQL(
        "CASE WHEN work.error_class IN %s THEN %s ELSE %s END",
        FOR_PEOPLE,
        CODES.index("attention"),
        CODES.index("waiting"),
    )
