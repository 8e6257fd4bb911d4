from odoo import models

from ..mapping import (
    clean_start,
    match_states,
    percentage,
)
from ..sentence import LONGEST_ITEM, shortened

# ISO 3166-1 alpha-2, as Odoo's.
COUNTRY_CODE_LENGTH = 2


class TribeConnection(models.Model):
    """Keeps what a tenant of Tribe has: phases, legal entities, VAT groups, ledger accounts."""

    _inherit = "tribe.connection"

    def _store_tenant(self, found):
        own_id = found["own_organization"].get("ID")
        if self.own_organization_id and own_id and own_id != self.own_organization_id:
            self.env["tribe.reading"]._forget(self)
            self.test_organization_id = False
        self.write(
            {
                "own_organization_id": found["own_organization"].get("ID", False),
                "own_organization_name": text_for_people(found["own_organization"].get("Name")),
                "has_import_id": found["has_import_id"],
                "absent": found["absent"],
                "country_ids": _by_country_code(found["countries"]),
                "state_ids": self._match_states(found["states"]),
                "invoice_names": found["invoice_names"],
                "invoice_date_type": shortened(found["invoice_date_type"] or "", LONGEST_ITEM),
            }
        )
        self.env["tribe.invoice.field"].sudo()._store(self, found["invoice_fields"].as_dict())
        self._store_phases(found)
        self._store_legal_entities(found["identities"])
        # Once for all legal entities; should Tribe send one twice, the last counts.
        vat_groups = {row["ID"]: vat_group_values(row) for row in found["vat_groups"]}
        ledger_accounts = {row["ID"]: named_values(row) for row in found["ledger_accounts"]}
        for entity in self.legal_entity_ids:
            store_mapping_rows(entity.vat_group_ids, entity, vat_groups)
            store_mapping_rows(entity.ledger_account_ids, entity, ledger_accounts)
        self.env["tribe.reading"]._store(self, found["readings"])
        self.env["tribe.check"]._store(self, found)

    def _match_states(self, rows):
        """Tribe's states by country code and Odoo's state code: ``{"NL": {"UT": id}}``."""
        codes = {
            (clean_start((row.get("Country") or {}).get("Code")) or "").upper() for row in rows
        }
        states = self.env["res.country.state"].search([("country_id.code", "in", sorted(codes))])
        return match_states(
            rows, [(state.country_id.code, state.code, state.name) for state in states]
        )

    def _store_phases(self, found, *, only_new=False):
        """Note Tribe's phases. What a person decided about one that is known stays."""
        known = {phase.tribe_id: phase for phase in self.phase_ids}
        for sequence, row in enumerate(found["phases"]):
            values = {**named_values(row), "sequence": sequence}
            is_draft = row["ID"] in found["drafts"]
            if row["ID"] in found["undecided_phases"]:
                values["is_draft"] = is_draft
            if row["ID"] in known:
                if not only_new:
                    known[row["ID"]].sudo().write(values)
                continue
            self.env["tribe.phase"].sudo().create(
                {
                    **values,
                    "connection_id": self.id,
                    "tribe_id": row["ID"],
                    "is_booked": not is_draft,
                }
            )

    def _store_legal_entities(self, identities):
        known = {entity.tribe_id: entity for entity in self.legal_entity_ids}
        for row in identities:
            organization = row.get("Organization") or {}
            values = {
                "name": text_for_people(organization.get("Name"))
                or text_for_people(row.get("Name"))
                or row["ID"],
                "organization_id": organization.get("ID"),
            }
            if "VATNumber" in organization:
                values["vat"] = text_for_people(organization["VATNumber"])
            if row["ID"] in known:
                known[row["ID"]].sudo().write(values)
                continue
            entity = (
                self.env["tribe.legal.entity"]
                .sudo()
                .create(
                    {
                        **values,
                        "connection_id": self.id,
                        "tribe_id": row["ID"],
                        "is_default": not self.legal_entity_ids,
                    }
                )
            )
            # Whoever connects has a look at it, and works there: Tribe can type any name. Once it
            # runs, nobody looks any more before its customers are sent.
            if not self.is_running:
                entity.company_id = entity._company_like(self.env.user.company_ids)


def _by_country_code(rows):
    """Tribe's IDs of countries by ISO code; what has no such code is no country of Odoo."""
    codes = ((clean_start(row.get("Code")) or "", row["ID"]) for row in rows)
    return {code.upper(): tribe_id for code, tribe_id in codes if len(code) == COUNTRY_CODE_LENGTH}


def named_values(row):
    """Code and name of a row of Tribe, as ours have them."""
    code = text_for_people(row.get("Code"))
    return {"code": code, "name": text_for_people(row.get("Name")) or code or row["ID"]}


def text_for_people(text):
    """A name or a code for people; each is written for every legal entity."""
    return shortened(clean_start(text) or "", LONGEST_ITEM) or None


def vat_group_values(row):
    """What our VAT group has of a row of Tribe."""
    country = text_for_people((row.get("Country") or {}).get("Code"))
    return {
        **named_values(row),
        "percentage": percentage(row.get("Percentage")),
        "country_code": country and country.upper(),
    }


def store_mapping_rows(records, entity, values_by_id):
    """Bring the mapping rows of a legal entity up to date; what was mapped stays mapped.

    :param values_by_id: ``{tribe_id: values}`` of what Tribe has
    """
    known = {record.tribe_id: record for record in records.sudo()}
    new = []
    for tribe_id, values in values_by_id.items():
        if tribe_id not in known:
            new.append({**values, "legal_entity_id": entity.id, "tribe_id": tribe_id})
            continue
        record = known[tribe_id]
        # What is empty is None here, and False or 0 in Odoo.
        changed = {
            name: value
            for name, value in values.items()
            if (record[name] or None) != (value or None)
        }
        if changed:
            record.write(changed)
    records.sudo().create(new)
