from itertools import chain, islice

from odoo import models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..engine.only_for import only_for
from ..mapping import (
    InvoiceFields,
    ValueUnreadable,
    absent_relation_paths,
    missing_requirements,
    resolve_invoice_fields,
    synchronized_fields,
)
from ..probe import Tenant, probe, shown_names, shown_phases
from ..sentence import in_language, say, sentence
from ..tribe_api import Guid, Room, TribeEndless, TribeError, TribeUnknownSet
from ..tribe_names import (
    ADDRESS_NAVIGATIONS,
    CUSTOMER_SETS,
    IDENTITY_SET,
    INVOICING_SETS,
    NAVIGATIONS,
    PHASE_SET,
    RELATION_SETS,
)
from .tribe_connection_tenant_rows import (
    named_values,
    store_mapping_rows,
    vat_group_values,
)

# Of one set that is read whole, and of what is to be mapped of all legal entities together: what
# Odoo writes in half a minute. No bookkeeping comes near them.
MOST_ROWS = 5_000
MOST_MAPPING_ROWS = 20_000
# A legal entity alone takes as long to write as so many rows of mapping.
ROWS_OF_ENTITY = 50
# OData 4.0, CSDL, 17.2: a simple identifier has at most 128 characters. No tenant has so many.
LONGEST_NAME = 128
MOST_NAMES = 1_000


class TribeConnection(models.Model):
    """What this tenant of Tribe has, read when Connect is pressed."""

    _inherit = "tribe.connection"

    # Connecting

    @only_for("Administrator", "write")
    def action_connect(self):
        """Sign in, and read what this tenant has; nothing is written in Tribe.

        What another Tribe environment has than the one that is linked is not taken over.

        :raises UserError: with the cause and the remedy.
        """
        self.ensure_one()
        if self.mode == "off":
            raise UserError(say(self.env, "connect_in_mode_off"))
        client = self.sudo()._connecting_client()
        try:
            with self._asking_for_button():
                found = self._read_tenant(client)
                self.sudo()._check_rows(found)
                if self.sudo()._is_another_tenant(client, found):
                    self.sudo()._stop_before_another_tenant()
                    return
                # After all that is needed, as it may take what is left of the time.
                found["readings"] = self.sudo()._look_how_tribe_works(client, found)
                before = self.own_organization_id
                # Also what belongs to companies that this user does not work in. Within, as how
                # long it takes is Tribe's to say as well.
                self.sudo()._store_tenant(found)
                if self.is_running and self.own_organization_id != before:
                    # The sign-in keeps what it is told.
                    self._check_alone_in_tenant(is_kept=True)
        except (TribeError, ValueUnreadable) as error:
            raise UserError(in_language(self.env, error)) from error
        is_usable = self.state == "draft" and not (found["blocking"] or self._blocking_readings())
        self._write_as_connector(
            {
                "sign_in_problem": False,
                "must_compare": False,
                **({"state": "connected"} if is_usable else {}),
            }
        )
        self.sudo()._retry_problems()

    def _read_tenant(self, client):
        """What the tenant has, as plain values; only reading calls."""
        client.current_employee()
        whole = client.schema()
        schema = whole.as_dict()
        missing = missing_requirements(schema)
        # All of it is kept until it is written.
        room = Room()
        found = {
            **_mapped_rows(client, schema, room),
            "blocking": [item for item in missing if item.blocking and not _is_invoicing(item)],
            "missing": missing,
            "schema": whole,
        }
        found |= self._decide_drafts(client, found["phases"])
        found |= _names_of_invoices(schema)
        organization = schema.get("Relation_Organization", {"properties": {}})
        found["has_import_id"] = "ImportId" in organization["properties"]
        found["absent"] = sorted(
            {item.path for item in missing}
            | _absent_navigations(schema)
            | _absent_properties(schema)
            | absent_relation_paths(schema)
        )
        found["own_organization"] = _own_organization(client, found["identities"], room)
        return found | _countries_and_states(client, found["absent"], room)

    def _look_how_tribe_works(self, client, found):
        """What public documentation leaves open (``probe.Findings``); reading calls, and few."""
        schema, known = found["schema"], found["invoice_names"]
        names = found["invoice_fields"].as_dict()
        corrected = {row.meaning: row.name for row in self.invoice_field_ids if row.name in known}
        currencies = self.env["res.currency"].with_context(active_test=False).search(Domain.TRUE)
        digits = {currency.name: currency.decimal_places for currency in currencies}
        return probe(
            client,
            Tenant(
                schema=schema.as_dict(),
                is_inherited=schema.is_inherited,
                names=InvoiceFields.from_dict({**names, **corrected}),
                missing=found["absent"],
                phases=found["phases"],
                drafts=frozenset(found["drafts"]),
                countries=found["countries"],
                identities=found["identities"],
                own_id=found["own_organization"].get("ID"),
                timezone=self.timezone,
                digits=lambda currency: digits.get(currency.upper(), 2),
                base_currency=self.company_id.currency_id.name,
            ),
        )

    def _decide_drafts(self, client, rows):
        """Which of Tribe's phases are drafts, and of which that was never decided before."""
        phases = self.env["tribe.phase"].sudo()
        undecided = phases._undecided(self, rows)
        return {
            "drafts": phases._drafts(client, rows, undecided),
            "undecided_phases": {row["ID"] for row in undecided},
        }

    def _learn_phases(self, batch, tribe_ids):
        """Read Tribe's phases again where some are not known here, once a batch: somebody may have
        added them since Connect. What is known stays as it is."""
        known = set(self.phase_ids.mapped("tribe_id"))
        unknown = set(tribe_ids) - {None} - known
        if not batch.may_learn("phases", unknown):
            return
        rows = _all(batch.client, PHASE_SET, Room(), orderby=None)
        wanted = known | _asked_for(rows, unknown, MOST_ROWS - len(known)).keys()
        rows = [row for row in rows if row["ID"] in wanted]
        found = {"phases": rows, **self._decide_drafts(batch.client, rows)}
        self._store_phases(found, only_new=True)
        batch.notice("phases", shown_phases(rows))

    def _learn_mapping(self, batch, group_ids, ledger_ids):
        """As ``_learn_phases``, of VAT groups and general ledger accounts."""
        entities = self.legal_entity_ids
        for entity_set, name, tribe_ids, values_of in (
            ("Datastore_VatGroup", "vat_group_ids", group_ids, vat_group_values),
            ("Datastore_GeneralLedgerAccount", "ledger_account_ids", ledger_ids, named_values),
        ):
            asked = set(tribe_ids) - {None}
            unknown = asked and asked - set(entities[name].mapped("tribe_id"))
            if not batch.may_learn(entity_set, unknown):
                continue
            has_country = name == "vat_group_ids" and any(entities[name].mapped("country_code"))
            expand = "Country($select=ID,Code)" if has_country else None
            rows = _all(batch.client, entity_set, Room(), expand=expand)
            asked_for = _asked_for(rows, unknown, self._room_for_mapping())
            new = {tribe_id: values_of(row) for tribe_id, row in asked_for.items()}
            for entity in entities:
                store_mapping_rows(entity[name], entity, new)

    def _learn_absent(self, batch, remotes):
        """Read again what this tenant lacks where relations come without a field, once a batch:
        somebody may have taken it away since Connect. *Check* names it as well then.

        :param remotes: the relations that were just read: ``{tribe_id: RemoteRelation}``
        """
        fields = [paths for remote in remotes.values() for paths in remote.not_shown.values()]
        not_shown = set().union(*fields)
        if not batch.may_learn("schema", not_shown):
            return
        schema = batch.client.schema().as_dict()
        absent = not_shown & absent_relation_paths(schema)
        if absent - self._absent():
            self.sudo().absent = sorted(self._absent() | absent)
            missing = [each for each in missing_requirements(schema) if each.path in absent]
            self.env["tribe.check"]._store_missing(self, missing)
            batch.notice("known_names", shown_names(self._absent()))

    def _room_for_mapping(self):
        """How many VAT groups and ledger accounts more each legal entity may have."""
        entities, each = self._count_mapping({})
        return MOST_MAPPING_ROWS // max(entities, 1) - ROWS_OF_ENTITY - each

    def _count_mapping(self, found):
        """How many legal entities there are with what was found, and how many rows of mapping each
        of them has. What is known here stays, also once Tribe has it no more."""
        entities = self.legal_entity_ids
        return (
            _count_with(entities, found.get("identities", ())),
            _count_with(entities.vat_group_ids, found.get("vat_groups", ()))
            + _count_with(entities.ledger_account_ids, found.get("ledger_accounts", ())),
        )

    def _check_rows(self, found):
        """Refuse what would take too long to write: each legal entity has all groups and accounts.

        :raises TribeEndless: for more than ``MOST_MAPPING_ROWS``, or than ``MOST_ROWS`` phases
        """
        entities, each = self._count_mapping(found)
        if entities * (each + ROWS_OF_ENTITY) > MOST_MAPPING_ROWS:
            raise TribeEndless(sentence("too_many_mapping_rows", entities=entities, each=each))
        if _count_with(self.phase_ids, found["phases"]) > MOST_ROWS:
            raise _too_many(PHASE_SET)


def _usual_names(*names):
    """As many names of fields as a tenant may have, of a length that OData allows."""
    return [name for name in chain(*names) if len(name) <= LONGEST_NAME][:MOST_NAMES]


def _all(client, entity_set, room, **options):
    """All rows of a set; none where a module of Tribe is missing (it is reported elsewhere).

    :raises TribeEndless: for more than ``MOST_ROWS``, or than there is room for
    """
    found = []
    try:
        for rows in client.pages(entity_set, room=room, **options):
            found += rows
            if len(found) > MOST_ROWS:
                raise _too_many(entity_set)
    except TribeUnknownSet:
        return []
    return found


def _mapped_rows(client, schema, room):
    """The rows of Tribe that are mapped to something of Odoo, by the names of what was found."""
    identities = _all(client, IDENTITY_SET, room, expand=_relations_of_identities(schema))
    groups = _all(client, "Datastore_VatGroup", room, expand=_country_of_groups(schema))
    return {
        "identities": identities,
        "vat_groups": groups,
        "ledger_accounts": _all(client, "Datastore_GeneralLedgerAccount", room),
        # In Tribe's own order.
        "phases": _all(client, PHASE_SET, room, orderby=None),
    }


def _names_of_invoices(schema):
    """What this tenant calls the fields of its invoices, by the names of what was found."""
    names, notes = resolve_invoice_fields(schema)
    invoices = schema.get("Activity_Invoice", {"properties": {}, "navigations": {}})
    return {
        "invoice_fields": names,
        "invoice_notes": notes,
        "invoice_date_type": invoices["properties"].get(names.date),
        "invoice_names": _usual_names(invoices["properties"], invoices["navigations"]),
    }


def _countries_and_states(client, absent, room):
    """Tribe's countries, and its states where relations of this tenant have one."""
    countries = _all(client, "Datastore_Country", room, select="ID,Code")
    states = []
    if "state_code" in synchronized_fields("organization", absent):
        states = _all(
            client,
            "Datastore_State",
            room,
            expand="Country($select=ID,Code)",
            select="ID,Code,Name",
        )
    return {"countries": countries, "states": states}


def _too_many(entity_set):
    return TribeEndless(sentence("too_many_records", most=MOST_ROWS, set=entity_set))


def _count_with(records, rows):
    """How many different ones some records of ours and some rows of Tribe are."""
    return len({*records.mapped("tribe_id"), *(row["ID"] for row in rows)})


def _asked_for(rows, tribe_ids, most):
    """The rows with some IDs, as many as there is room for: ``{tribe_id: row}``.

    Not all there are: Tribe can show others each time, and what is known here stays.
    """
    found = {row["ID"]: row for row in rows if row["ID"] in tribe_ids}
    return dict(islice(found.items(), max(most, 0)))


def _is_invoicing(requirement):
    """Whether only invoices need it: relations are synchronized without the Billing module too."""
    return requirement.path.partition("/")[0] in INVOICING_SETS


def _absent_navigations(schema):
    """The navigations that we would follow and this tenant lacks."""
    wanted = {
        (RELATION_SETS[kind], navigation)
        for kind, navigations in ADDRESS_NAVIGATIONS.items()
        for navigation in navigations
    }
    wanted |= {(entity_set, "AccountManager") for entity_set in CUSTOMER_SETS}
    wanted |= {("Address", navigation) for navigation in NAVIGATIONS.values()}
    return {
        f"{entity_set}/{navigation}"
        for entity_set, navigation in wanted
        if navigation not in schema.get(entity_set, {}).get("navigations", {})
    }


def _absent_properties(schema):
    """The properties by which we would look for possible matches, and the names of countries, as
    far as this tenant lacks them."""
    wanted = {
        ("Relation_Organization", "ChamberOfCommerceNumber"),
        ("Relation_Organization", "EmailAddress"),
        ("Relation_Person", "EmailAddress"),
        ("Datastore_Country", "Name"),
    }
    return {
        f"{entity_set}/{name}"
        for entity_set, name in wanted
        if name not in schema.get(entity_set, {}).get("properties", {})
    }


def _own_organization(client, identities, room):
    """The organization that all identities belong to (``ID``, ``Name``); ``{}`` if not just one."""
    ids = {(row.get("Relation") or {}).get("ID") for row in identities} - {None}
    if len(ids) != 1:
        return {}
    (own_id,) = ids
    rows = client.by_values(
        "Relation_Organization", "ID", [Guid(own_id)], select="ID,Name", room=room
    )
    return rows[0] if rows else {"ID": own_id}


def _relations_of_identities(schema):
    """What to expand of identities; not all tenants have VAT numbers."""
    properties = schema.get("Relation_Organization", {}).get("properties", {})
    vat = ",VATNumber" if "VATNumber" in properties else ""
    return f"Relation($select=ID),Organization($select=ID,Name{vat})"


def _country_of_groups(schema):
    """What to expand for the country of VAT groups; None where this tenant has none."""
    navigations = schema.get("Datastore_VatGroup", {}).get("navigations", {})
    return "Country($select=ID,Code)" if "Country" in navigations else None
