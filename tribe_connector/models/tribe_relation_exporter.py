from datetime import timedelta

from odoo import fields, models

from ..engine.lease import tribe_key
from ..engine.problems import Busy, NeedsPerson, TryAgain
from ..engine.remote_relation import (
    ADDRESS_NAVIGATIONS,
    NAVIGATIONS,
    RELATION_SETS,
    RELATIONSHIP_SETS,
    find_by_import_ids,
    find_by_numbers,
    load_relations,
)
from ..mapping import ADDRESS_FIELDS, address_body, organization_body, person_body
from ..tribe_api import Guid, TribeError
from .tribe_link import RELATION_KINDS
from .tribe_relation_synchronizer import NUMBERS

SEQUENCES = {"debtor_number": "tribe.debtor", "creditor_number": "tribe.creditor"}
WIRE_NUMBERS = {"debtor_number": "DebtorNumber", "creditor_number": "CreditorNumber"}
BUSY_SECONDS = 2
# Reasons to compare with Tribe even when nothing changed in Odoo.
COMPARING_REASONS = {"initial", "person"}


class TribeRelationExporter(models.AbstractModel):
    """Odoo to Tribe: customers and suppliers that are new or changed."""

    _name = "tribe.relation.exporter"
    _inherit = "tribe.relation.synchronizer"
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
        links = self.env["tribe.link"]._of_partners(session.connection, partners, RELATION_KINDS)
        by_partner = {partner_id: link for (partner_id, _kind), link in links.items()}
        unsure = partners.filtered(
            lambda partner: partner.id in by_partner and by_partner[partner.id].state == "sending"
        )
        self._settle(session, unsure, by_partner)
        linked = partners.filtered(
            lambda partner: partner.id in by_partner and by_partner[partner.id].tribe_id
        )
        self._export_linked(session, linked, by_partner)
        self._export_new(session, self._still_open(session, partners - linked), by_partner)

    def _relevant(self, session):
        """The partners to look at; whoever is gone or no customer (any more) is done."""
        partners = self.env["res.partner"].with_context(active_test=False)
        partners = partners.browse(int(number) for number in session.references).exists()
        links = self.env["tribe.link"]._of_partners(session.connection, partners, RELATION_KINDS)
        linked = {partner_id for partner_id, _kind in links}
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

    # What was linked before

    def _export_linked(self, session, partners, links):
        changed = self.env["res.partner"]
        for partner in partners:
            link = links[partner.id]
            try:
                has_work = link.state != "gone" and self._has_work(session, partner, link)
            except NeedsPerson as error:
                session.failed(str(partner.id), error, partner.display_name)
                continue
            if not has_work:
                session.done(str(partner.id))
            elif not session.leases.take(tribe_key(session.connection.id, link.tribe_id)):
                session.failed(str(partner.id), self._busy(partner), partner.display_name)
            else:
                changed |= partner
        self._synchronize_all(session, changed, links)

    def _has_work(self, session, partner, link):
        if link.kind != partner._tribe_kind():
            raise self._changed_kind(partner, link)
        if session.reasons[str(partner.id)] & COMPARING_REASONS:
            return True
        values = partner._tribe_values()
        return (
            self._differs_from_agreed(values, link.agreed or {})
            or self._missing_relationships(session.connection, partner)
            or self._missing_numbers(partner, values)
        )

    def _synchronize_all(self, session, partners, links):
        remotes = self._load(session, [links[partner.id] for partner in partners])
        drawn = self._draw_numbers(session, partners, remotes, links)
        for partner in partners:
            link = links[partner.id]
            remote = remotes.get(link.tribe_id)
            self._one_by_one(
                session,
                partner,
                lambda partner=partner, link=link, remote=remote: self._synchronize(
                    session, partner, link, remote, drawn.get(partner.id, {})
                ),
            )

    def _load(self, session, links):
        """``{tribe_id: RemoteRelation}`` of some links."""
        remotes = {}
        for kind in RELATION_KINDS:
            ids = [link.tribe_id for link in links if link.kind == kind]
            remotes |= load_relations(session.connection, session.client, kind, ids)
        return remotes

    def _synchronize(self, session, partner, link, remote, drawn):
        """Bring one linked partner and its relation together."""
        if remote is None:
            self._check_surely_gone(session, link)
            link.state = "gone"
            session.log(
                "problem",
                partner.display_name,
                self.env._("Deleted in Tribe; kept in Odoo, no longer linked."),
                partner=partner,
            )
            return
        odoo = {**partner._tribe_values(), **drawn}
        merged = self._merge(session.connection, link.agreed, odoo, remote)
        self._check_numbers_free(session.connection, partner, merged.to_odoo)
        self._link_relationships(link, remote)
        agreed = self._write_to_tribe(session, link, merged, odoo, remote)
        self._create_missing_relationships(session, partner, link)
        if drawn:
            partner._tribe_import_context().write(drawn)
        self._apply_to_odoo(session, link, merged.to_odoo, agreed, remote)
        self._forget_echoes(session.connection, partner)

    def _create_missing_relationships(self, session, partner, link):
        links = self.env["tribe.link"]._of_partners(
            session.connection, partner, ("customer", "supplier")
        )
        for kind in self._missing_relationships(session.connection, partner):
            if (partner.id, kind) in links:
                self._check_settled(session, partner, links[partner.id, kind])
            body = {NAVIGATIONS[link.kind]: {"ID": link.tribe_id}}
            self._send_relationships(session, partner, link.kind, kind, body)

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
                for number in {(links[partner.id].agreed or {}).get(name), partner[name]}:
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
        settled_at = link.sent_at + timedelta(seconds=session.connection.settle_seconds)
        wait = (settled_at - fields.Datetime.now()).total_seconds()
        if wait > 0:
            raise TryAgain(
                self.env._(
                    "Tribe's answer about %s was lost. It is looked for again before it is sent "
                    "again.",
                    partner.display_name,
                ),
                min(wait, session.connection.back_off_seconds),
            )

    # What Tribe may not know yet

    def _export_new(self, session, partners, links):
        if not partners:
            return
        matches = self._find_matches(session, partners)
        linked = self.env["res.partner"]
        new = self.env["res.partner"]
        for partner in partners:
            try:
                row = self._only_match(session, partner, matches[partner.id])
            except (NeedsPerson, TryAgain) as error:
                session.failed(str(partner.id), error, partner.display_name)
                continue
            if row:
                links[partner.id] = self._link(session, partner, row, links.get(partner.id))
                linked |= partner
            else:
                new |= partner
        session.commit()
        self._synchronize_all(session, linked, links)
        self._create_all(session, new, links)

    def _find_matches(self, session, partners):
        """Relations of Tribe that each partner may be: ``{partner_id: [row with kind]}``."""
        connection = session.connection
        matches = {partner.id: {} for partner in partners}
        if connection.has_import_id:
            for kind in RELATION_KINDS:
                import_ids = {connection._import_id(partner, kind): partner for partner in partners}
                for import_id, rows in find_by_import_ids(session.client, kind, import_ids).items():
                    matches[import_ids[import_id].id] |= {
                        row["ID"]: {**row, "kind": kind} for row in rows
                    }
        for name, wire in WIRE_NUMBERS.items():
            by_number = {partner[name]: partner for partner in partners if partner[name]}
            found = find_by_numbers(connection, session.client, wire, list(by_number))
            for partner in partners:
                # A relation with our ImportId is ours; numbers then prove nothing more.
                if partner[name] and not any(
                    "ImportId" in row for row in matches[partner.id].values()
                ):
                    matches[partner.id] |= {row["ID"]: row for row in found.get(partner[name], [])}
        return {partner_id: list(rows.values()) for partner_id, rows in matches.items()}

    def _only_match(self, session, partner, rows):
        """The one relation that a partner is, or None.

        :raises NeedsPerson: when it could be several, is of the other kind or is taken
        """
        if len(rows) > 1:
            raise self._several(partner, rows)
        if not rows:
            return None
        (row,) = rows
        if row["kind"] != partner._tribe_kind():
            raise self._other_kind(partner, row)
        taken = self._link_of(session, row)
        if taken.partner_id and taken.partner_id != partner:
            raise self._taken(partner, row, taken)
        if not session.leases.take(tribe_key(session.connection.id, row["ID"])):
            raise self._busy(partner)
        return row

    def _link_of(self, session, row):
        links = self.env["tribe.link"]
        return links._of_tribe(session.connection, [row["ID"]]).get(row["ID"], links)

    def _link(self, session, partner, row, link):
        values = {"tribe_id": row["ID"], "state": "linked"}
        left = self._link_of(session, row)
        if left:
            # Of a partner that was deleted in Odoo: this one takes its place.
            if link and link != left:
                link.unlink()
            link = left
            values |= {"partner_id": partner.id, "agreed": False}
        if link:
            link.write(values)
        else:
            link = self.env["tribe.link"].create(
                {
                    **values,
                    "connection_id": session.connection.id,
                    "kind": row["kind"],
                    "partner_id": partner.id,
                }
            )
        session.log("link", partner.display_name, partner=partner)
        return link

    # Creating

    def _create_all(self, session, partners, links):
        drawn = self._draw_numbers(session, partners, {}, links)
        for partner in partners:
            self._one_by_one(
                session,
                partner,
                lambda partner=partner: self._create(session, partner, drawn.get(partner.id, {})),
                finish=False,
            )
        self._complete(session, self._still_open(session, partners))

    def _create(self, session, partner, drawn):
        """Create a partner in Tribe: the relation and its relationship in one call."""
        kind = partner._tribe_kind()
        values = {**partner._tribe_values(), **drawn}
        wanted = self._wanted_relationships(partner)
        body = self._relation_body(session, partner, kind, values)
        link = self._mark_as_sending(session, partner, kind, agreed=values)
        answer = self._send_relationships(
            session, partner, kind, wanted[0], {NAVIGATIONS[kind]: body}
        )
        created = (answer.get(NAVIGATIONS[kind]) or {}).get("ID")
        if created:
            link.write({"tribe_id": created, "state": "linked"})
        if drawn:
            partner._tribe_import_context().write(drawn)
            self._forget_echoes(session.connection, partner)
        session.log("create_tribe", partner.display_name, partner=partner)

    def _relation_body(self, session, partner, kind, values):
        body_of = organization_body if kind == "organization" else person_body
        body = self._present(session.connection, RELATION_SETS[kind], body_of(values))
        address = {name: values[name] for name in ADDRESS_FIELDS}
        slot = ADDRESS_NAVIGATIONS[kind][0]
        if any(address.values()) and f"{RELATION_SETS[kind]}/{slot}" not in (
            session.connection._absent()
        ):
            body[slot] = address_body(address, session.connection.country_ids or {})
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
        if session.connection.has_import_id:
            body["ImportId"] = session.connection._import_id(partner, relationship)
        answer = session.client.create(entity_set, body)
        if answer.get("ID"):
            link.write({"tribe_id": answer["ID"], "state": "linked"})
        return answer

    def _complete(self, session, partners):
        """Learn the IDs of the relations that were created inside their relationships."""
        found = self._created_relations(session, partners)
        for partner in partners:
            link = self._relation_link(session.connection, partner)
            tribe_id = link.tribe_id or found.get(partner.id)
            if not tribe_id:
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
            link.write({"tribe_id": tribe_id, "state": "linked"})
        session.commit()
        for partner in self._still_open(session, partners):
            link = self._relation_link(session.connection, partner)
            self._one_by_one(
                session,
                partner,
                lambda partner=partner, link=link: self._create_missing_relationships(
                    session, partner, link
                ),
            )

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
                    and not self._relation_link(session.connection, link.partner_id).tribe_id
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
                )
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

    def _draw_numbers(self, session, partners, remotes, links):
        """New numbers for who has none on either side: ``{partner_id: {field: number}}``.

        Only kept here until Tribe has them: a row of the partner must not stay locked meanwhile.
        """
        drawn = {}
        for name in NUMBERS:
            without = [
                partner
                for partner in partners
                if self._lacks_number(
                    partner, name, partner.id in links and remotes.get(links[partner.id].tribe_id)
                )
            ]
            for partner, number in zip(
                without, self._free_numbers(session, name, len(without)), strict=True
            ):
                drawn.setdefault(partner.id, {})[name] = number
        return drawn

    def _lacks_number(self, partner, name, remote):
        values = partner._tribe_values()
        try:
            missing = self._missing_numbers(partner, values)
        except NeedsPerson:
            return False
        return name in missing and not (remote and remote.values().get(name))

    def _free_numbers(self, session, name, count):
        """So many numbers of our sequence that neither Odoo nor Tribe uses."""
        free = []
        while len(free) < count:
            numbers = [
                self.env["ir.sequence"].next_by_code(SEQUENCES[name])
                for _missing in range(count - len(free))
            ]
            taken = find_by_numbers(session.connection, session.client, WIRE_NUMBERS[name], numbers)
            free += [
                number
                for number in numbers
                if number not in taken and not self._partners_with(session.connection, name, number)
            ]
        return free

    # One record at a time

    def _one_by_one(self, session, partner, work, finish=True):
        """Do the work on one partner and commit it; its failure is its own."""
        reference = str(partner.id)
        try:
            work()
            if finish:
                session.done(reference)
            session.commit()
        except Exception as error:  # noqa: BLE001 - classified by the session
            session.rollback()
            if isinstance(error, TribeError) and not error.outcome_unknown:
                self._forget_sending(session, partner)
            session.failed(reference, error, partner.display_name)

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

    def _busy(self, partner):
        return Busy(
            self.env._("%s is being received from Tribe right now.", partner.display_name),
            BUSY_SECONDS,
        )

    def _cannot_tell(self, partner):
        return NeedsPerson(
            self.env._(
                "Tribe's answer about %s was lost, and this Tribe has no ImportId by which to find "
                "it. Look for it in Tribe: if it is there, enter its debtor number on the contact "
                "and try again; if not, choose Send Again at its link, under Linked Relations.",
                partner.display_name,
            )
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
            )
        )

    def _several(self, partner, rows):
        return NeedsPerson(
            self.env._(
                "%(partner)s could be %(count)s relations of Tribe with the same number or "
                "ImportId: %(names)s. Leave the number with one of them in Tribe.",
                partner=partner.display_name,
                count=len(rows),
                names=", ".join(row.get("Name") or row["ID"] for row in rows),
            )
        )

    def _other_kind(self, partner, row):
        return NeedsPerson(
            self.env._(
                "%(partner)s has the number of “%(relation)s” in Tribe, but one is an organization "
                "and the other a private person. Make them the same, or change one number.",
                partner=partner.display_name,
                relation=row.get("Name") or row["ID"],
            )
        )

    def _taken(self, partner, row, link):
        return NeedsPerson(
            self.env._(
                "%(partner)s has the number of “%(relation)s” in Tribe, which is linked to "
                "%(other)s. Give one of the two contacts another number.",
                partner=partner.display_name,
                relation=row.get("Name") or row["ID"],
                other=link.partner_id.display_name or self.env._("a deleted contact"),
            )
        )
