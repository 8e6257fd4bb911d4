from dataclasses import replace
from itertools import islice

from odoo import fields, models

from ..engine.lease import tribe_key
from ..engine.problems import PERSON_ERRORS, Busy, NeedsPerson, TryAgain
from ..engine.relation_decision import (
    CREATE_TRIBE,
    GONE,
    LINK,
    QUESTION,
    SAME,
    UPDATE,
    Decision,
)
from ..engine.remote_relation import (
    ADDRESS_NAVIGATIONS,
    NAVIGATIONS,
    RELATIONSHIP_SETS,
    find_by_import_ids,
    find_by_numbers,
    load_entities,
    load_relations,
)
from ..mapping import ADDRESS_FIELDS, PAYMENT_TERM_FIELDS, ValueUnreadable, relationship_body
from ..tribe_api import Guid, TribeError
from .tribe_link import RELATION_KINDS
from .tribe_relation_synchronizer import BUSY_SECONDS, NUMBER_NAMES, NUMBERS, WIRE_NUMBERS

SEQUENCES = {"debtor_number": "tribe.debtor", "creditor_number": "tribe.creditor"}
# Reasons to compare with Tribe even when nothing changed in Odoo.
COMPARING_REASONS = {"initial", "person", "follow"}


class TribeRelationExporter(models.AbstractModel):
    """Odoo to Tribe: customers and suppliers that are new or changed.

    What is to be done with each is decided first, by reading; then it is carried out.
    """

    _name = "tribe.relation.exporter"
    _inherit = "tribe.relation.matcher"
    _description = "Tribe Relation Exporter"

    def _process(self, session):
        """Do the work rows of some partners."""
        references = session.references
        self._export(session)
        self.env["tribe.connection"].browse(session.connection.id)._end_initial_when_done(
            besides=references
        )

    def _export(self, session):
        partners = self._relevant(session)
        links = self._links_by_partner(session.connection, partners)
        unsure = partners.filtered(
            lambda partner: partner.id in links and links[partner.id].state == "sending"
        )
        self._settle(session, unsure, links)
        decisions = self._decide(session, self._still_open(session, partners))
        session.commit()
        for decision in decisions:
            self._carry_out(session, decision)
        created = [each.partner.id for each in decisions if each.action == CREATE_TRIBE]
        self._complete(session, self._still_open(session, partners.browse(created)))

    def _links_by_partner(self, connection, partners):
        """``{partner_id: link}`` of partners that have a link to a relation."""
        links = self.env["tribe.link"]._of_partners(connection, partners, RELATION_KINDS)
        return {partner_id: link for (partner_id, _kind), link in links.items()}

    def _relevant(self, session):
        """The partners to look at; whoever is gone or no customer (any more) is done."""
        partners = self.env["res.partner"].with_context(active_test=False)
        partners = partners.browse(int(number) for number in session.references).exists()
        linked = self._links_by_partner(session.connection, partners)
        domain = session.connection._relation_domain()
        relevant = partners.filtered(lambda partner: partner.id in linked) | partners.filtered(
            "active"
        ).filtered_domain(domain)
        for reference in session.references:
            if int(reference) not in relevant.ids:
                session.done(reference)
        return relevant

    def _still_open(self, session, partners):
        still_open = set(session.references)
        return partners.filtered(lambda partner: str(partner.id) in still_open)

    # Deciding

    def _decide(self, session, partners):
        """What is to become of some partners: ``[Decision]``. Only reads, on both sides."""
        links = self._links_by_partner(session.connection, partners)
        known = partners.filtered(
            lambda partner: partner.id in links and links[partner.id].tribe_id
        )
        decisions = [self._look_at(session, partner, links[partner.id]) for partner in known]
        decisions += self._look_for(session, partners - known, links)
        self._compare(session, decisions)
        return decisions

    def _look_at(self, session, partner, link):
        """Whether a linked partner has to be compared with its relation."""
        decision = Decision(SAME, partner=partner, link=link)
        try:
            if link.state != "gone" and self._has_work(session, partner, link):
                decision.action = UPDATE
                if not session.leases.take(tribe_key(session.connection.id, link.tribe_id)):
                    decision.ask(self._busy(partner))
        except NeedsPerson as error:
            decision.ask(error)
        return decision

    def _has_work(self, session, partner, link):
        if link.kind != partner._tribe_kind():
            raise self._changed_kind(partner, link)
        if session.reasons[str(partner.id)] & COMPARING_REASONS:
            return True
        values = partner._tribe_values(session.connection)
        return (
            self._differs_from_agreed(values, link.agreed or {})
            or self._missing_relationships(session.connection, partner)
            or self._missing_numbers(partner, values)
        )

    def _look_for(self, session, partners, links):
        """Which relation of Tribe each unlinked partner is, if any."""
        if not partners:
            return []
        matches = self._find_matches(session, partners)
        decisions = []
        for partner in partners:
            decision = Decision(CREATE_TRIBE, partner=partner, link=links.get(partner.id))
            try:
                self._check_numbers_unique(session.connection, partner)
                decision.row = self._only_match(session, partner, matches[partner.id])
                decision.action = LINK if decision.row else CREATE_TRIBE
            except (NeedsPerson, TryAgain) as error:
                decision.ask(error)
            decisions.append(decision)
        self._look_for_candidates(session, [d for d in decisions if d.action == CREATE_TRIBE])
        return decisions

    def _check_numbers_unique(self, connection, partner):
        """Refuse a number that two contacts of Odoo have: only one can be the relation.

        :raises NeedsPerson: naming both
        """
        for name in NUMBERS:
            number = partner._tribe_number(connection, name)
            others = number and self._partners_with(connection, name, number) - partner
            if others:
                raise NeedsPerson(
                    self.env._(
                        "%(field)s %(number)s is the number of %(partner)s and of %(other)s in "
                        "Odoo. Give one of them another number.",
                        field=NUMBER_NAMES[name],
                        number=number,
                        partner=partner.display_name,
                        other=others[0].display_name,
                    ),
                    cause="number",
                )

    def _look_for_candidates(self, session, decisions):
        partners = self.env["res.partner"].browse(each.partner.id for each in decisions)
        candidates = self._candidates_in_tribe(session, partners)
        for decision in decisions:
            decision.candidates = candidates[decision.partner.id]
            if decision.candidates:
                decision.ask(self._could_be(decision))

    def _compare(self, session, decisions):
        """Read what is there in Tribe, and decide which value goes where."""
        known = [each for each in decisions if each.action in (UPDATE, LINK)]
        remotes = self._load(session, known)
        for decision in known:
            decision.remote = remotes.get(decision.tribe_id)
            try:
                if decision.remote:
                    decision.remote.check()
            except ValueUnreadable as error:
                decision.ask(error)
        self._decide_numbers(
            session, [each for each in decisions if each.action not in (SAME, QUESTION)]
        )
        for decision in decisions:
            try:
                if decision.action in (UPDATE, LINK):
                    self._compare_one(session, decision)
                elif decision.action == CREATE_TRIBE:
                    decision.relationships = self._wanted_relationships(decision.partner)
                    values, _notes = self._values_to_create(session, decision)
                    self._relation_body(session, decision.partner, values)
            except (TryAgain, *PERSON_ERRORS) as error:
                if decision.action == LINK and decision.remote:
                    # That they are one and the same is certain; only their values are in doubt.
                    decision.error = error
                else:
                    decision.ask(error)

    def _load(self, session, decisions):
        """``{tribe_id: RemoteRelation}`` of the relations of some decisions."""
        remotes = {}
        for kind in RELATION_KINDS:
            ids = [each.tribe_id for each in decisions if each.partner._tribe_kind() == kind]
            remotes |= load_relations(session.connection, session.client, kind, ids)
        return remotes

    def _compare_one(self, session, decision):
        partner, remote, link = decision.partner, decision.remote, decision.link
        if remote is None:
            if decision.action == LINK:
                raise TryAgain(self.env._("Tribe does not show %s yet.", decision.name))
            self._check_surely_gone(session, link)
            decision.action = GONE
            return
        decision.odoo = partner._tribe_values(session.connection, remote.relationships)
        odoo = {**decision.odoo, **decision.numbers}
        decision.merged = self._merge(
            session.connection, partner, link, self._agreed(decision), odoo, remote
        )
        self._check_can_apply(session.connection, link, partner, decision.merged.to_odoo)
        self._check_can_write(session, decision)
        decision.relationships = [
            kind
            for kind in self._missing_relationships(session.connection, partner)
            if kind not in remote.relationships
        ]

    def _check_can_write(self, session, decision):
        """Refuse what Tribe cannot take, such as a country that it does not have.

        :raises CountryUnknown: when Tribe lacks the country of an address that is to be written
        """
        to_tribe = decision.merged.to_tribe
        changed = {name: to_tribe[name] for name in ADDRESS_FIELDS if name in to_tribe}
        if changed:
            self._address_changes(session.connection, decision.remote, changed)
        self._check_numbers_free_in_tribe(session, decision)

    def _check_numbers_free_in_tribe(self, session, decision):
        """Refuse to tell Tribe a changed number that another contact or relation has.

        A number that was just drawn is free.

        :raises NeedsPerson: naming both
        """
        partner = decision.partner
        for name, wire in WIRE_NUMBERS.items():
            number = decision.merged.to_tribe.get(name)
            if not number or decision.numbers.get(name, partner.ref) != partner.ref:
                continue
            self._check_numbers_unique(session.connection, partner)
            found = find_by_numbers(session.connection, session.client, wire, [number])
            rows = [row for row in found.get(number, []) if row["ID"] != decision.tribe_id]
            if rows:
                raise NeedsPerson(
                    self.env._(
                        "%(field)s %(number)s of %(partner)s in Odoo is already the number of "
                        "“%(relation)s” in Tribe. Give one of the two another number.",
                        field=NUMBER_NAMES[name],
                        number=number,
                        partner=partner.display_name,
                        relation=rows[0].get("Name") or rows[0]["ID"],
                    ),
                    cause="number",
                )

    # Carrying out

    def _carry_out(self, session, decision):
        """Do what was decided about one partner, and commit it; its failure is its own."""
        reference = str(decision.partner.id)
        if decision.action == QUESTION:
            self.env["tribe.suggestion"]._store(session.connection, decision.candidates)
            session.failed(reference, decision.error, decision.name)
            session.commit()
            return
        actions = {
            SAME: lambda: None,
            GONE: lambda: self._note_gone(session, decision),
            LINK: lambda: self._link(session, decision),
            UPDATE: lambda: self._update(session, decision),
            CREATE_TRIBE: lambda: self._create(session, decision),
        }
        try:
            self._check_unchanged(session.connection, decision)
            actions[decision.action]()
            session.commit()
        except Exception as error:  # noqa: BLE001 - classified by the session
            session.rollback()
            if isinstance(error, TribeError) and not error.outcome_unknown:
                self._forget_sending(session, decision.partner)
            session.failed(reference, error, decision.name)
            return
        if decision.error:
            session.failed(reference, decision.error, decision.name)
        elif decision.merged.conflicts:
            session.failed(reference, self._both_changed(decision), decision.name)
        elif decision.action == CREATE_TRIBE:
            # Its ID is still to be learnt.
            return
        else:
            session.done(reference)
        session.commit()

    def _check_unchanged(self, connection, decision):
        """What was decided is about the values that the partner had then.

        :raises Busy: when somebody has saved it since: it has to be decided again
        """
        if decision.odoo is None:
            return
        now = decision.partner._tribe_values(connection, decision.remote.relationships)
        if decision.odoo != now:
            raise Busy(self.env._("Somebody was saving %s.", decision.name), BUSY_SECONDS)

    def _check_unchanged_in_tribe(self, session, decision):
        """Look once more, just before writing: a batch is read at once and written one by one.

        Tribe has no way to write only what nobody changed meanwhile (docs/tribe-api.md).

        :raises TryAgain: when somebody has changed it there since: it has to be decided again
        """
        remote = decision.remote
        rows = load_entities(
            session.connection, session.client, remote.kind, [Guid(remote.tribe_id)]
        )
        # Only what is synchronized counts: other fields may change all the time.
        if [replace(remote, entity=row).values() for row in rows] != [remote.values()]:
            raise TryAgain(self.env._("Somebody was saving %s.", decision.name), BUSY_SECONDS)

    def _note_gone(self, session, decision):
        decision.link.state = "gone"
        session.log(
            "problem",
            decision.name,
            self.env._("Deleted in Tribe; kept in Odoo, no longer linked."),
            partner=decision.partner,
        )

    def _link(self, session, decision):
        """Link a partner with the relation that it is, and bring both together."""
        partner, link = decision.partner, decision.link
        values = {
            "tribe_id": decision.tribe_id,
            "state": "linked",
            "agreed": self._agreed(decision) or False,
        }
        left = self.env["tribe.link"]._of_tribe(session.connection, [decision.tribe_id])
        if left:
            # Of a partner that was deleted in Odoo: this one takes its place.
            if link and link != left[decision.tribe_id]:
                link.unlink()
            link = left[decision.tribe_id]
            values["partner_id"] = partner.id
        if link:
            link.write(values)
        else:
            link = self.env["tribe.link"].create(
                {
                    **values,
                    "connection_id": session.connection.id,
                    "kind": decision.remote.kind,
                    "partner_id": partner.id,
                }
            )
        decision.link = link
        session.log("link", partner.display_name, partner=partner)
        if not decision.error:
            self._update(session, decision)

    def _update(self, session, decision):
        """Bring one linked partner and its relation together."""
        partner, link, merged = decision.partner, decision.link, decision.merged
        odoo = {**decision.odoo, **decision.numbers}
        self._link_relationships(link, decision.remote)
        if merged.to_tribe:
            self._check_unchanged_in_tribe(session, decision)
        agreed = self._write_to_tribe(session, link, merged, decision.remote)
        for kind in self._create_missing_relationships(session, partner, link):
            name = PAYMENT_TERM_FIELDS[kind]
            agreed |= {name: odoo[name]} if name in odoo else {}
        if decision.numbers:
            partner._tribe_import_context().write(decision.numbers)
        self._apply_to_odoo(session, link, merged.to_odoo, agreed, decision.remote)
        self._log_notes(session, partner, merged.notes)
        self.env["tribe.conflict"]._store(link, merged.conflicts)
        self._forget_echoes(session.connection, partner)

    def _create_missing_relationships(self, session, partner, link):
        """Tell Tribe what else a partner is; returns those kinds of relationship."""
        missing = self._missing_relationships(session.connection, partner)
        if not missing:
            return []
        links = self.env["tribe.link"]._of_partners(session.connection, partner, missing)
        for kind in missing:
            if (partner.id, kind) in links:
                self._check_settled(session, partner, links[partner.id, kind])
            body = {NAVIGATIONS[link.kind]: {"ID": link.tribe_id}}
            self._send_relationships(session, partner, link.kind, kind, body)
        return missing

    # What was being sent when the answer, or the process, was lost

    def _settle(self, session, partners, links):
        """Find out whether Tribe created what was being sent. Nothing is sent twice before."""
        if not partners:
            return
        for kind in RELATION_KINDS:
            of_kind = partners.filtered(lambda partner, kind=kind: links[partner.id].kind == kind)
            found = self._find_sent(session, kind, of_kind, links)
            for partner in of_kind:
                self._settle_one(session, partner, links[partner.id], found.get(partner.id, []))
        session.commit()

    def _find_sent(self, session, kind, partners, links):
        """What Tribe shows of what was being sent: ``{partner_id: [row]}``.

        Without an ``ImportId`` the numbers tell: the one that was sent along, which nobody had
        then, and the one that a person has entered since.
        """
        connection = session.connection
        if connection.has_import_id:
            import_ids = {connection._import_id(partner, kind): partner.id for partner in partners}
            found = find_by_import_ids(session.client, kind, import_ids)
            return {import_ids[import_id]: rows for import_id, rows in found.items()}
        rows_by_partner = {}
        for name, wire in WIRE_NUMBERS.items():
            by_number = {}
            for partner in partners:
                now = partner._tribe_number(connection, name)
                for number in {(links[partner.id].agreed or {}).get(name), now}:
                    by_number[number] = partner.id
            by_number = {number: partner for number, partner in by_number.items() if number}
            found = find_by_numbers(connection, session.client, wire, list(by_number))
            for number, rows in found.items():
                if number in by_number:
                    rows_by_partner.setdefault(by_number[number], {}).update(
                        {row["ID"]: row for row in rows if row["kind"] == kind}
                    )
        return {partner_id: list(rows.values()) for partner_id, rows in rows_by_partner.items()}

    def _settle_one(self, session, partner, link, rows):
        if len(rows) > 1:
            session.failed(str(partner.id), self._several(partner, rows), partner.display_name)
        elif rows:
            link.write({"tribe_id": rows[0]["ID"], "state": "linked"})
            session.log("link", partner.display_name, partner=partner)
        else:
            try:
                self._check_settled(session, partner, link)
                if not session.connection.has_import_id:
                    raise self._cannot_tell(partner)
            except (TryAgain, NeedsPerson) as error:
                session.failed(str(partner.id), error, partner.display_name)

    def _check_settled(self, session, partner, link):
        """Refuse to send again what Tribe may still be applying.

        :raises TryAgain: until the settle time of a request without an answer is over
        """
        wait = (link._settled_at() - fields.Datetime.now()).total_seconds()
        if wait > 0:
            raise TryAgain(
                self.env._(
                    "Tribe's answer about %s was lost. It is looked for again before it is sent "
                    "again.",
                    partner.display_name,
                ),
                min(wait, session.connection.back_off_seconds),
            )

    # Creating

    def _create(self, session, decision):
        """Create a partner in Tribe: the relation and its relationship in one call."""
        partner = decision.partner
        kind = partner._tribe_kind()
        values, notes = self._values_to_create(session, decision)
        body = self._relation_body(session, partner, values)
        link = self._mark_as_sending(session, partner, kind, agreed=values)
        answer = self._send_relationships(
            session, partner, kind, decision.relationships[0], {NAVIGATIONS[kind]: body}
        )
        created = (answer.get(NAVIGATIONS[kind]) or {}).get("ID")
        if created:
            link.write({"tribe_id": created, "state": "linked"})
        if decision.numbers:
            partner._tribe_import_context().write(decision.numbers)
            self._forget_echoes(session.connection, partner)
        session.log("create_tribe", partner.display_name, partner=partner)
        self._log_notes(session, partner, notes)

    def _values_to_create(self, session, decision):
        """The neutral values of a new relation, and notes: ``(values, {field: sentence})``."""
        partner = decision.partner
        values = {**partner._tribe_values(session.connection), **decision.numbers}
        notes = session.connection._not_in_tribe(values)
        vat_note = partner._tribe_vat_note(values.get("vat"), values.get("country_code"))
        values = {name: value for name, value in values.items() if name not in notes}
        return values, {**notes, "vat": vat_note} if vat_note else notes

    def _relation_body(self, session, partner, values):
        """What Tribe is told of a new relation, with its address.

        :raises CountryUnknown: when Tribe lacks the country
        """
        kind = partner._tribe_kind()
        body = self._relation_fields(session.connection, partner, kind, values)
        if any(values.get(name) for name in ADDRESS_FIELDS):
            slot = ADDRESS_NAVIGATIONS[kind][0]
            body[slot] = self._address_body(session.connection, values)
        if session.connection.has_import_id:
            body["ImportId"] = session.connection._import_id(partner, kind)
        return body

    def _mark_as_sending(self, session, partner, kind, agreed=False):
        """Note, for good, that a relation or relationship is about to be sent.

        :param agreed: the values of a relation, by whose number it can be found as well
        """
        links = self.env["tribe.link"]
        kinds = RELATION_KINDS if kind in RELATION_KINDS else (kind,)
        known = links._of_partners(session.connection, partner, kinds)
        link = next(iter(known.values()), links)
        values = {
            "state": "sending",
            "sent_at": fields.Datetime.now(),
            "tribe_id": False,
            "agreed": agreed,
        }
        if link:
            link.write({**values, "kind": kind})
        else:
            link = links.create(
                {
                    **values,
                    "connection_id": session.connection.id,
                    "kind": kind,
                    "partner_id": partner.id,
                }
            )
        return link

    def _send_relationships(self, session, partner, kind, relationship, body):
        """Create a customer or supplier relationship; ``body`` names or contains the relation."""
        link = self._mark_as_sending(session, partner, relationship)
        session.commit()
        body = {"Relation": {"ID": session.connection.own_organization_id}, **body}
        entity_set = RELATIONSHIP_SETS[kind][relationship]
        body |= relationship_body(
            relationship, partner._tribe_values(session.connection, [relationship])
        )
        if session.connection.has_import_id:
            body["ImportId"] = session.connection._import_id(partner, relationship)
        answer = session.client.create(entity_set, body)
        if answer.get("ID"):
            link.write({"tribe_id": answer["ID"], "state": "linked"})
        return answer

    def _complete(self, session, partners):
        """Learn the IDs of the relations that were created inside their relationships."""
        links = self._links_by_partner(session.connection, partners)
        unknown = partners.filtered(lambda partner: not links[partner.id].tribe_id)
        found = self._created_relations(session, unknown)
        for partner in unknown:
            if partner.id not in found:
                # Tribe may show it later: it is looked for before anything is sent again.
                session.failed(
                    str(partner.id),
                    TryAgain(
                        self.env._(
                            "Tribe accepted %s and does not show it yet.", partner.display_name
                        ),
                        session.connection.back_off_seconds,
                    ),
                    partner.display_name,
                )
                continue
            links[partner.id].write({"tribe_id": found[partner.id], "state": "linked"})
        session.commit()
        for partner in self._still_open(session, partners):
            self._complete_one(session, partner, links[partner.id])

    def _complete_one(self, session, partner, link):
        """Create the second relationship of who is customer and supplier."""
        reference = str(partner.id)
        try:
            self._create_missing_relationships(session, partner, link)
            session.done(reference)
            session.commit()
        except Exception as error:  # noqa: BLE001 - classified by the session
            session.rollback()
            if isinstance(error, TribeError) and not error.outcome_unknown:
                self._forget_sending(session, partner)
            session.failed(reference, error, partner.display_name)

    def _created_relations(self, session, partners):
        """``{partner_id: relation_id}``, read from the relationships just created."""
        found = {}
        links = self.env["tribe.link"]._of_partners(
            session.connection, partners, ("customer", "supplier")
        )
        for kind, sets in RELATIONSHIP_SETS.items():
            navigation = NAVIGATIONS[kind]
            for relationship, entity_set in sets.items():
                wanted = {
                    link.tribe_id: link.partner_id.id
                    for link in links.values()
                    if link.kind == relationship
                    and link.tribe_id
                    and link.partner_id._tribe_kind() == kind
                }
                if not wanted:
                    continue
                rows = session.client.by_values(
                    entity_set,
                    "ID",
                    [Guid(tribe_id) for tribe_id in wanted],
                    expand=f"{navigation}($select=ID)",
                    select="ID",
                )
                found |= {
                    wanted[row["ID"]]: row[navigation]["ID"] for row in rows if row.get(navigation)
                }
        return found

    def _wanted_relationships(self, partner):
        """What Tribe should know this partner as: ``["customer", "supplier"]``."""
        wanted = ["customer"] if partner._tribe_is_customer() else []
        if partner._tribe_is_supplier() and partner._tribe_kind() == "organization":
            wanted.append("supplier")
        if not wanted:
            raise NeedsPerson(
                self.env._(
                    "%s is a supplier, and a private person cannot be one in Tribe. Mark the "
                    "contact as a company, or give it a debtor number.",
                    partner.display_name,
                ),
                cause="kind",
            )
        return wanted

    def _missing_relationships(self, connection, partner):
        if not partner.active:
            return []
        links = self.env["tribe.link"]._of_partners(connection, partner, ("customer", "supplier"))
        known = {kind for (_partner, kind), link in links.items() if link.tribe_id}
        return [kind for kind in self._wanted_relationships(partner) if kind not in known]

    # Numbers

    def _missing_numbers(self, partner, values):
        """Which numbers this partner should have and has not."""
        wanted = self._wanted_relationships(partner)
        return [
            name
            for name, relationship in NUMBERS.items()
            if name in values and relationship in wanted and not values[name]
        ]

    def _decide_numbers(self, session, decisions):
        """Give a number to who has none: the reference or the next of the sequence.

        Only kept in the decision until Tribe has it: a row of the partner must not stay locked
        meanwhile.
        """
        connection = session.connection
        for name in NUMBERS:
            without = []
            for decision in decisions:
                if not self._lacks_number(connection, decision, name):
                    continue
                reference = decision.partner._tribe_reference(connection)
                if reference:
                    decision.numbers[name] = reference
                else:
                    without.append(decision)
            for decision, number in zip(
                without, self._free_numbers(session, name, len(without)), strict=True
            ):
                decision.numbers[name] = number

    def _lacks_number(self, connection, decision, name):
        """Whether a customer (supplier) of either side has no number that counts."""
        remote = decision.remote
        values = decision.partner._tribe_values(connection)
        told = self._told_values(connection, remote, values) if remote else {}
        if name not in values or values[name] or told.get(name):
            return False
        try:
            kinds = set(self._wanted_relationships(decision.partner))
        except NeedsPerson:
            return False
        return NUMBERS[name] in kinds | set(remote.relationships if remote else ())

    def _free_numbers(self, session, name, count):
        """So many numbers of our sequence that neither Odoo nor Tribe uses.

        :raises NeedsPerson: when there is no sequence
        """
        if not count:
            return []
        sequence = self._sequence(session.connection, name)
        free = []
        while len(free) < count:
            numbers = [sequence.next_by_id() for _missing in range(count - len(free))]
            free += self._unused(session, name, numbers)
        return free

    def _peek_numbers(self, session, name, count, position=0):
        """What ``_free_numbers`` would return, without drawing: ``(numbers, new position)``.

        :param position: how many numbers of the sequence count as drawn already, free or not
        """
        if not count:
            return [], position
        upcoming = self._upcoming_numbers(session.connection, name, position)
        free = []
        while len(free) < count:
            numbers = list(islice(upcoming, count - len(free)))
            position += len(numbers)
            free += self._unused(session, name, numbers)
        return free, position

    def _upcoming_numbers(self, connection, name, position):
        """The numbers that a sequence gives after the next ``position`` ones, without end."""
        sequence = self._sequence(connection, name)
        current = sequence
        if sequence.use_date_range:
            today = fields.Date.today()
            current = sequence.date_range_ids.filtered(
                lambda period: period.date_from <= today <= period.date_to
            )[:1]
            sequence = sequence.with_context(ir_sequence_date_range=current.date_from or today)
        # A period that is still to be made starts at 1.
        number = current.number_next_actual if current else 1
        number += position * sequence.number_increment
        while True:
            yield sequence.get_next_char(number)
            number += sequence.number_increment

    def _sequence(self, connection, name):
        """The sequence of the connection's company, else the shared one."""
        sequence = self.env["ir.sequence"].search(
            [
                ("code", "=", SEQUENCES[name]),
                ("company_id", "in", [connection.company_id.id, False]),
            ],
            order="company_id",
            limit=1,
        )
        if not sequence:
            raise NeedsPerson(
                self.env._(
                    "There is no sequence for the field %(field)s. Make one with the code "
                    "%(code)s, under Settings > Technical > Sequences.",
                    field=NUMBER_NAMES[name],
                    code=SEQUENCES[name],
                ),
                cause="set_up",
            )
        return sequence

    def _unused(self, session, name, numbers):
        """The numbers that neither a contact of Odoo nor a relation of Tribe has."""
        taken = find_by_numbers(session.connection, session.client, WIRE_NUMBERS[name], numbers)
        return [
            number
            for number in numbers
            if number not in taken and not self._partners_with(session.connection, name, number)
        ]

    # After a refusal

    def _forget_sending(self, session, partner):
        """Tribe surely did not create what was marked as being sent: nothing needs to settle."""
        links = self.env["tribe.link"].search(
            [("connection_id", "=", session.connection.id), ("partner_id", "=", partner.id)]
        )
        if not any(link.tribe_id for link in links):
            links.unlink()
        else:
            links.filtered(
                lambda link: link.kind not in RELATION_KINDS and not link.tribe_id
            ).unlink()

    # Problems

    def _cannot_tell(self, partner):
        return NeedsPerson(
            self.env._(
                "Tribe's answer about %s was lost, and this Tribe has no ImportId by which to find "
                "it. Look for it in Tribe: if it is there, enter its debtor number on the contact "
                "and try again; if not, choose Send Again at its link, under Linked Relations.",
                partner.display_name,
            ),
            cause="lost",
        )

    def _changed_kind(self, partner, link):
        kinds = dict(link._fields["kind"]._description_selection(self.env))
        return NeedsPerson(
            self.env._(
                "%(partner)s is linked to a relation of the kind %(kind)s in Tribe, which it no "
                "longer is in Odoo. Change the contact back to a company or a person, or make a "
                "new contact.",
                partner=partner.display_name,
                kind=kinds[link.kind],
            ),
            cause="kind",
        )
