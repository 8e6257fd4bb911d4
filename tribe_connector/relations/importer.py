from odoo import models
from odoo.fields import Domain

from ..codes import (
    CREATE_ODOO,
    LINK,
    QUESTION,
    SAME,
    UPDATE,
)
from ..engine.problems import FOR_PEOPLE, STOPPED, TOLD_REASONS, Busy, NeedsPerson, TryAgain
from ..mapping import ValueUnreadable, agreed_on, canonical, evidence, made_of
from ..sentence import sentence
from ..tribe_api import Guid
from ..tribe_names import (
    NAVIGATIONS,
    RELATIONSHIPS,
)
from .decision import Decision
from .remote_relation import (
    load_relations,
    relation_ids_of,
)
from .synchronizer import (
    BUSY_SECONDS,
    NUMBERS,
    WIRE_NUMBERS,
    numbers_told,
    with_numbers,
)


class TribeRelationImporter(models.AbstractModel):
    """Tribe to Odoo: relations that changed, or that an invoice needs.

    What is to be done with each is decided first, by reading; then it is carried out.
    """

    _name = "tribe.relation.importer"
    _inherit = "tribe.relation.matcher"
    _description = "Tribe Relation Importer"

    def _process(self, batch):
        """Do the work rows of one kind."""
        if batch.kind == "address":
            self._follow_addresses(batch)
        elif batch.kind in RELATIONSHIPS:
            self._follow_relationships(batch)
        else:
            self._import_kind(batch)

    # Relationships and addresses: the relation is what is looked at.

    def _follow_relationships(self, batch):
        entity_set, kind = RELATIONSHIPS[batch.kind]
        found = relation_ids_of(batch.client, kind, entity_set, batch.references)
        links = self.env["tribe.link"]
        known = links._of_tribe(batch.connection, batch.references)
        for link in known.values():
            # A relationship that was deleted in Tribe still tells its relation through its link.
            relation = self._relation_link(batch.connection, link.partner_id)
            if link.tribe_id not in found and relation.tribe_id:
                found[link.tribe_id] = relation.tribe_id
        self._look_at(batch, kind, found.values())
        self._finish(batch)

    def _follow_addresses(self, batch):
        rows = batch.client.by_values(
            "Address",
            "ID",
            [Guid(reference) for reference in batch.references],
            expand=",".join(f"{navigation}($select=ID)" for navigation in NAVIGATIONS.values()),
            select="ID",
        )
        for kind, navigation in NAVIGATIONS.items():
            ids = [row[navigation]["ID"] for row in rows if row.get(navigation)]
            self._look_at(batch, kind, ids)
        self._follow_lost_addresses(batch, {*batch.references} - {row["ID"] for row in rows})
        self._finish(batch)

    def _follow_lost_addresses(self, batch, address_ids):
        """Have the relations looked at whose address Tribe told of, and has no more.

        Tribe is believed once that can be no old copy any more; not while a person is asked why it
        shows so few: an address that was edited then looks as if it was deleted.
        """
        comparer = self.env["tribe.relation.comparer"]
        links = self.env["tribe.link"]._of_addresses(batch.connection, address_ids)
        leased = links.filtered(lambda link: self._take_both(batch, link.tribe_id, None))
        # A new transaction sees what whoever had the leases before us did.
        batch.commit()
        for link in links:
            address_id = link._address_shown()
            if address_id not in address_ids or comparer._is_asked(batch.connection, link.kind):
                continue
            if link not in leased:
                batch.failed(address_id, self._busy(link.partner_id))
            elif link._seconds_of_old_copies(batch.began) > 0:
                self.env["tribe.work"]._look_later(batch.connection, "address", address_id)
            else:
                link._forget_address_shown()
                self._look_at(batch, link.kind, [link.tribe_id])

    def _look_at(self, batch, kind, relation_ids):
        self.env["tribe.work"]._add(batch.connection, "inbound", kind, relation_ids, "follow")

    def _finish(self, batch):
        for reference in batch.references:
            batch.done(reference)

    # Relations

    def _import_kind(self, batch):
        remotes = load_relations(batch.connection, batch.client, batch.kind, batch.references)
        batch.connection._learn_absent(batch, remotes)
        failures = {}
        self._import(batch, self._customers_and_suppliers(batch, remotes), failures)
        self._note_gone(batch, [r for r in batch.references if r not in remotes], failures)
        for reference in batch.references:
            if reference in failures:
                batch.failed(reference, *failures[reference])
            else:
                batch.done(reference)

    def _customers_and_suppliers(self, batch, remotes):
        """The relations that are linked, or are a customer or supplier now.

        Leads are not, nor is our own organization. A legal entity of it may be one.
        """
        links = self.env["tribe.link"]._of_tribe(batch.connection, remotes)
        own_id = batch.connection.own_organization_id
        return [
            remote
            for tribe_id, remote in remotes.items()
            if tribe_id in links or (remote.is_current and tribe_id != own_id)
        ]

    def _import(self, batch, remotes, failures):
        """Create or change the partners of some relations.

        :param failures: gets ``{tribe_id: (exception, name, company)}`` for the ones that could
            not be, each with the company in which its reason may be read, where that is known
        """

        def fail(remote, error, company=None):
            error = self._of_relation(error, remote.name, dict(_numbers(remote)))
            failures[remote.tribe_id] = (error, remote.name, company)

        def refuse(decision, error):
            # It may name the contact, and so may whatever Odoo or an addon says of it.
            # One that was made in what was undone is no more.
            company = decision.partner and decision.partner.exists().company_id
            if decision.called:
                company = None
            fail(decision.remote, error, company or batch.connection.company_id)

        leased = self._leased(batch, self._readable(remotes, fail), fail)
        self._note_arrived(batch, leased)
        decisions = self._decide(batch, leased)
        self.env["tribe.suggestion"]._review_relations(batch.connection, decisions)
        for decision in decisions:
            if decision.action == QUESTION:
                refuse(decision, decision.error)
                self.env["tribe.suggestion"]._store(batch.connection, decision.candidates)

        batch.apply_splitting_on_error(
            [each for each in decisions if each.disowned],
            lambda part: [self._disown(batch, decision) for decision in part],
            refuse,
        )
        for action, carry_out in (
            (UPDATE, self._update_all),
            (LINK, self._link_all),
            (CREATE_ODOO, self._create_all),
        ):
            of_action = [
                each
                for each in decisions
                if each.action == action and each.tribe_id not in failures
            ]
            for piece in _in_turn(of_action):
                batch.apply_splitting_on_error(
                    piece, lambda part, carry_out=carry_out: carry_out(batch, part), refuse
                )
                batch.commit()
        carried_out = [each for each in decisions if each.tribe_id not in failures]
        partners = self.env["res.partner"].browse(
            each.partner.id for each in carried_out if each.partner and each.action != SAME
        )
        # In the order in which they came: so they get their numbers, and so the plan says.
        self._have_completed(batch, partners)

    def _readable(self, remotes, fail):
        """The relations whose values Odoo can have.

        :param fail: called with each other one and its exception
        """
        readable = []
        for remote in remotes:
            try:
                remote.check()
                readable.append(remote)
            except ValueUnreadable as error:
                fail(remote, error)
        return readable

    def _leased(self, batch, remotes, fail):
        """The relations that no other worker is at, nor at their partners and numbers."""
        links = self._links_of(batch, remotes)
        leased = []
        for remote in remotes:
            link = links.get(remote.tribe_id)
            if self._take_both(batch, remote.tribe_id, link and link.partner_id) and all(
                self._take_number(batch, *each) for each in _numbers(remote)
            ):
                leased.append(remote)
            else:
                fail(remote, self._busy_remote(remote.name))
        # A new transaction sees what whoever had the leases before us did.
        batch.commit()
        return leased

    def _links_of(self, batch, remotes):
        """The links of some relations: ``{tribe_id: link}``.

        Also of those whose contact was merged or deleted while they were being sent.
        """
        links = self.env["tribe.link"]
        found = links._of_tribe(batch.connection, [remote.tribe_id for remote in remotes])
        arrived = {
            remote.entity["ImportId"]: remote.tribe_id
            for remote in remotes
            if remote.tribe_id not in found and remote.entity.get("ImportId")
        }
        sent = links._of_import_ids(batch.connection, arrived)
        return found | {
            arrived[import_id]: link for import_id, link in sent.items() if not link.partner_id
        }

    def _note_arrived(self, batch, remotes):
        """Note which relations have arrived of what was being sent, and nobody waits for.

        And which of contacts that were merged are there again, after they were deleted.
        """
        for tribe_id, link in self._links_of(batch, remotes).items():
            if not link.tribe_id:
                link.tribe_id = tribe_id
            if link.state == "gone" and link.merged_into_id:
                link.state = "merged"

    def _busy_remote(self, name):
        return Busy(sentence("relation_being_synchronized", relation=name), BUSY_SECONDS)

    def _still_there(self, link, remote):
        """The question what becomes of a relation whose contact was merged into another one.

        Two that were merged often have one name, so their numbers tell them apart.
        """
        connection, other = link.connection_id, link.merged_into_id
        called = self._name_of_other(connection, other)
        if called and self._may_be_told(connection, other):
            called = with_numbers(called, {name: other[name] for name in NUMBERS})
        return NeedsPerson(
            sentence(
                "relation_of_merged_contact",
                relation=with_numbers(remote.name, dict(_numbers(remote))),
                partner=called or sentence("another_contact"),
            ),
        )

    def _there_again(self, remote):
        """The question about a relation whose contact is another connection's; it is not named."""
        return NeedsPerson(
            sentence("relation_there_again", relation=remote.name),
        )

    # Deciding

    def _decide(self, batch, remotes):
        """What is to become of some relations: ``[Decision]``. Only reads."""
        links = self._links_of(batch, remotes)
        partners = self.env["tribe.link"].concat(*links.values()).partner_id
        moved = batch.connection._no_longer_linked(partners)
        decisions = []
        for remote in remotes:
            link = links.get(remote.tribe_id)
            # Without a partner it was deleted in Odoo: nothing is created a second time.
            is_followed = link and link.partner_id and link.state != "left_to_odoo"
            action = CREATE_ODOO if not link else UPDATE if is_followed else SAME
            decision = Decision(
                action, remote=remote, link=link, partner=link and link.partner_id or None
            )
            if link and link.state == "merged" and remote.is_current:
                decision.ask(self._still_there(link, remote))
            elif link and link.state == "gone" and link.partner_id in moved:
                # As if it had no contact: whoever reads of it may not know that one any more.
                decision.action, decision.partner = SAME, None
                if remote.is_current:
                    decision.ask(self._there_again(remote))
            decisions.append(decision)
        self._decide_others(batch.connection, decisions)
        for decision in decisions:
            if decision.action == UPDATE and decision.link.kind != decision.partner._tribe_kind():
                decision.ask(self._changed_kind(decision.partner, decision.link))
        self._look_for_partners(batch, [d for d in decisions if d.action == CREATE_ODOO])
        for decision in decisions:
            if decision.action in (UPDATE, LINK):
                with self._alone(decision):
                    self._compare(batch, decision)
        return decisions

    def _compare(self, batch, decision):
        """Decide which value goes where."""
        self._see(decision)
        partner, link, remote = decision.partner, decision.link, decision.remote
        decision.odoo = partner._tribe_values(batch.connection, remote.relationships)
        decision.merged = self._merge(
            batch.connection, partner, link, self._agreed(decision), decision.odoo, remote
        )
        self._leave_active(decision)
        self._check_can_apply(batch, partner, remote, decision.merged.to_odoo)

    def _look_for_partners(self, batch, decisions):
        """Which contact each unlinked relation is, if any."""
        refused = self.env["tribe.suggestion"]._refused_of(
            batch.connection, [decision.tribe_id for decision in decisions]
        )
        for decision in decisions:
            with self._alone(decision):
                self._look_for_partner(batch, decision, refused)
        found = [each for each in decisions if each.action == LINK]
        self._look_for_namesakes(batch, found)
        for decision in found:
            if decision.action == LINK:
                with self._alone(decision):
                    self._judge_found(batch, decision)
        self._check_import_ids_lead_to_one(batch, decisions)
        for decision in decisions:
            if decision.action == LINK:
                with self._alone(decision):
                    self._check_first_with(batch, decision.partner, decision.remote)
        found = [each for each in decisions if each.action == LINK]
        self._check_numbers_lead_to_one(batch, found, refused)
        own = batch.connection._own_relation_ids()
        new = [
            each for each in decisions if each.action == CREATE_ODOO and each.tribe_id not in own
        ]
        candidates = self._candidates_in_odoo(batch, [each.remote for each in new])
        for decision in new:
            decision.candidates = candidates[decision.tribe_id]
            if decision.candidates:
                decision.ask(self._could_be(batch.connection, decision))
            elif decision.has_number_apart:
                with self._alone(decision):
                    self._check_new_numbers_free(batch, decision.remote)

    def _look_for_partner(self, batch, decision, refused):
        """Which contact a relation seems to be: by our ``ImportId``, then by number.

        :param refused: the pairs that a person keeps apart
        """
        remote = decision.remote
        partner = self._matching_partner(batch, decision, refused)
        if not partner:
            for key in _numbers(remote):
                self._check_first_with(batch, key, remote)
            return
        partner._tribe_check_length(partner._tribe_address_partner(batch.connection))
        decision.link = self._relation_link(batch.connection, partner)
        decision.action = LINK

    def _judge_found(self, batch, decision):
        is_synchronized = self._is_synchronized(batch.connection, decision.partner, decision.link)
        self._judge(
            batch,
            decision,
            self._relation_facts(decision.remote),
            decision.remote.entity,
            is_left_out=not is_synchronized,
        )

    def _is_synchronized(self, connection, partner, link):
        """Whether a contact is linked, being sent, or goes to Tribe in any case."""
        is_linked = bool(link) and (link.state == "sending" or link.tribe_id)
        if is_linked and link.state != "gone":
            return True
        return bool(connection._relations_among(partner) and self._wanted_relationships(partner))

    def _check_import_ids_lead_to_one(self, batch, decisions):
        """Whose ``ImportId`` another relation of Tribe has too, is not this one for certain.

        Nor by a number: that proves nothing more when an ``ImportId`` does.
        """
        connection = batch.connection
        found = [each for each in decisions if each.action == LINK]
        rows = {each.partner: {} for each in found}
        partners = self.env["res.partner"].concat(*rows)
        with_import_id = list(self._rows_with_import_id(batch, partners))
        apart = self._apart(batch, partners, with_import_id)
        for partner, row in with_import_id:
            if (partner.id, row["ID"]) not in apart:
                rows[partner][row["ID"]] = row
        for decision in found:
            partner, remote = decision.partner, decision.remote
            of_partner = list(rows[partner].values())
            if all(row["ID"] == remote.tribe_id for row in of_partner):
                continue
            with self._alone(decision):
                if connection._partner_of_import_id(remote.entity.get("ImportId")) != partner:
                    raise self._number_of_linked(connection, remote, partner)
                self._ask_which(connection, decision, of_partner)

    def _check_numbers_lead_to_one(self, batch, decisions, refused):
        """Whose number several relations of Tribe have is none of them for certain."""
        rows = {decision.partner.id: {} for decision in decisions}
        for name in WIRE_NUMBERS:
            by_number = {
                each.partner._tribe_number(batch.connection, name): each.partner.id
                for each in decisions
            }
            numbers = [number for number in by_number if number]
            found, given_up = self._find_by_numbers(batch, name, numbers)
            for number in numbers:
                for row in found.get(number, []):
                    if (by_number[number], row["ID"]) not in refused and row["ID"] not in given_up:
                        rows[by_number[number]][row["ID"]] = row
        for decision in decisions:
            of_partner = list(rows[decision.partner.id].values())
            named = batch.connection._partner_of_import_id(decision.remote.entity.get("ImportId"))
            if len(of_partner) > 1 and named != decision.partner:
                decision.ask(self._several(decision.partner, of_partner))

    def _matching_partner(self, batch, decision, refused):
        """The partner that a relation proves to be: by our ``ImportId``, then by number.

        :param refused: the pairs that a person keeps apart
        """
        connection, remote = batch.connection, decision.remote
        if remote.tribe_id in connection._own_relation_ids():
            # A legal entity that is a customer is a contact of its own.
            self._check_new_numbers_free(batch, remote)
            return self.env["res.partner"]
        named = connection._partner_of_import_id(remote.entity.get("ImportId"))
        if (named.id, remote.tribe_id) in refused:
            decision.disowned = [{"ID": remote.tribe_id, "kind": remote.kind}]
            named = named.browse()
        partner = named or self._partner_by_number(batch, decision, refused)
        if not partner:
            return partner
        # From here on problems are told where the contact is read.
        decision.partner = partner
        if not named:
            self._check_number_of_tenant(connection, partner, remote.name)
        partner._tribe_check_ours(connection)
        if partner._tribe_kind() != remote.kind and not named:
            raise NeedsPerson(
                sentence(
                    "relation_of_other_kind",
                    relation=remote.name,
                    partner=partner._tribe_called(),
                ),
            )
        if not self._take_both(batch, None, partner):
            raise self._busy(partner)
        link = self._relation_link(connection, partner)
        if link.tribe_id and link.state != "gone" and not named:
            raise self._number_of_linked(connection, remote, partner)
        return partner

    def _number_of_linked(self, connection, remote, partner):
        """The question about a relation with a number of a contact that is another one's."""
        numbers = dict(_numbers(remote))
        shared = {
            name: number
            for name, number in numbers.items()
            if canonical(name, number) == canonical(name, partner._tribe_number(connection, name))
        }
        return NeedsPerson(
            sentence(
                "number_of_linked_contact",
                relation=remote.name,
                # Of who is being sent it may be known in Tribe alone.
                numbers=numbers_told(shared or numbers),
                partner=partner._tribe_called(),
            ),
        )

    def _partner_by_number(self, batch, decision, refused):
        connection, remote = batch.connection, decision.remote
        found = apart = self.env["res.partner"]
        for name, number in _numbers(remote):
            having = self._partners_with(connection, name, number)
            refusing = having.filtered(lambda partner: (partner.id, remote.tribe_id) in refused)
            # "0", say: it is nobody's.
            is_nobodys = evidence.is_shared_by_many(len(having - refusing), 1)
            apart |= having if is_nobodys else refusing
            found |= having.browse() if is_nobodys else having - refusing
        if len(found) > 1:
            raise NeedsPerson(
                sentence(
                    "numbers_of_several_contacts",
                    relation=remote.name,
                    partners=[self._name_of_other(connection, each) for each in found],
                ),
            )
        decision.has_number_apart = bool(apart and not found)
        return found

    def _check_new_numbers_free(self, batch, remote):
        """Refuse the numbers of a relation that becomes a new contact, where another has them."""
        values = self._values_of_new(batch.connection, remote)
        self._check_numbers_free(batch, self.env["res.partner"], remote, values)

    # Carrying out

    def _update_all(self, batch, decisions):
        for decision in decisions:
            # Those before it were committed meanwhile, one by one.
            self._check_unchanged(batch.connection, decision)
            self._update(batch, decision, decision.link)

    def _update(self, batch, decision, link):
        """Take over what Tribe changed; what Odoo changed too is left to the exporter.

        :param link: the decision's; or the one just made, which a rollback takes away again
        """
        merged, remote = decision.merged, decision.remote
        partner = link.partner_id
        if not self._take_both(batch, remote.tribe_id, partner):
            raise self._busy(partner)
        before = self._agreed(decision) or {}
        agreed = {
            name: value for name, value in merged.agreed.items() if name not in merged.to_tribe
        } | {name: before[name] for name in merged.to_tribe if name in before}
        if link.state == "gone":
            # It only did not show: reading may lag behind, and rights may come back.
            link.state = "linked"
        batch.notice_lag(link._lag_shown(decision.seen, remote.stamps(), batch.began))
        link._keep_told(decision.seen)
        link._keep_shown(remote, merged)
        self._look_once_more(batch, decision)
        self._follow_deleted_relationships(batch, partner, remote)
        refusal = self._apply_to_odoo(batch, link, merged.to_odoo, agreed, remote)
        self._log_notes(batch, link, merged.notes, merged.to_tribe)
        self._forget_echoes(batch.connection, partner)
        is_our_look = batch.reasons.get(decision.tribe_id) == {"again"}
        if merged.to_tribe and (is_our_look or self._is_told_anew(before, merged.to_tribe)):
            # Nothing new about what Tribe may have refused before; or nothing that Odoo changed.
            due = batch.connection._due_of_a_save()
            self.env["tribe.work"]._add(
                batch.connection, "outbound", "partner", partner.ids, "follow", due=due
            )
        elif merged.to_tribe:
            self.env["tribe.work"]._add_saved_partners(batch.connection, partner.ids)
        is_open = merged.conflicts or decision.error or refusal
        if is_open or self._may_be_mended(link, merged, is_our_look):
            # Asked in one place only, by the exporter.
            self.env["tribe.work"]._add(
                batch.connection, "outbound", "partner", partner.ids, "follow"
            )
            self.env["tribe.engine"]._wake("outbound")

    def _may_be_mended(self, link, merged, is_our_look):
        """Whether a contact has a question that what Tribe shows now may have answered."""
        if link.conflict_ids and not merged.conflicts:
            return True
        asked = (
            Domain("connection_id", "=", link.connection_id.id)
            & Domain("kind", "=", "partner")
            & Domain("reference", "=", str(link.partner_id.id))
            & Domain("error_class", "in", FOR_PEOPLE)
            & Domain("cause", "!=", STOPPED)
        )
        # Tribe told of a change. Our own looks ask again and again.
        return not is_our_look and bool(self.env["tribe.work"].search_count(asked, limit=1))

    def _follow_deleted_relationships(self, batch, partner, remote):
        """Who is a customer in Odoo becomes one in Tribe again: archiving says that it is none."""
        missing = self._not_shown_relationships(batch.connection, partner, remote)
        if missing - self._deleted_relationships(batch.connection, partner, remote):
            self.env["tribe.work"]._look_later(batch.connection, remote.kind, remote.tribe_id)
        elif missing:
            self.env["tribe.work"]._add(
                batch.connection, "outbound", "partner", partner.ids, "follow"
            )
            self.env["tribe.engine"]._wake("outbound")

    def _look_once_more(self, batch, decision):
        """Look once more, later, when Tribe told of a change and the read shows none.

        It may be an old copy: webhooks come at once.
        """
        reasons = batch.reasons.get(decision.tribe_id, set())
        merged, seen = decision.merged, decision.seen
        is_something = merged.to_odoo or merged.to_tribe or merged.conflicts or seen.is_news
        if reasons & TOLD_REASONS and not is_something:
            self.env["tribe.work"]._look_once_more(
                batch.connection, decision.remote.kind, decision.tribe_id, reasons
            )

    def _is_told_anew(self, agreed, to_tribe):
        """Whether Tribe is to be told something that Odoo has as it was agreed on.

        Such as a number that only Tribe changed, or what a restored backup does not have.
        """
        return any(
            name in agreed and canonical(name, agreed[name]) == canonical(name, value)
            for name, value in to_tribe.items()
        )

    def _link_all(self, batch, decisions):
        for decision in decisions:
            self._link(batch, decision)

    def _link(self, batch, decision):
        """Link a relation with the contact that it is, and bring both together.

        A link that is being sent is this one: its answer was lost. One that is gone was deleted
        in Tribe, and made anew there.
        """
        self._check_unchanged(batch.connection, decision)
        link = self._join(batch, decision)
        self._update(batch, decision, link)

    def _create_all(self, batch, decisions):
        """Create the partners of some relations in one batch."""
        remotes = [decision.remote for decision in decisions]
        partners = (
            self.env["res.partner"]
            ._tribe_import_context()
            .with_company(batch.connection.company_id)
            ._tribe_create([self._new_partner(batch.connection, remote) for remote in remotes])
        )
        links = self.env["tribe.link"].create(
            [
                {
                    "connection_id": batch.connection.id,
                    "kind": remote.kind,
                    "tribe_id": remote.tribe_id,
                    "partner_id": partner.id,
                    **self._agreed_on_new(batch.connection, remote, partner),
                    "archived_by_us": not partner.active,
                }
                for remote, partner in zip(remotes, partners, strict=True)
            ]
        )
        for decision, partner in zip(decisions, partners, strict=True):
            decision.partner = partner
        for decision, remote, link in zip(decisions, remotes, links, strict=True):
            link._keep_shown(remote, decision.merged)
            self._link_relationships(link, remote)
            # An addon may have reset them while the contact was made.
            self._raise_ranks(link.partner_id, remote)
            batch.log("create_odoo", remote.name, partner=link.partner_id)
            self._log_notes(batch, link, self._notes_on_new(batch, remote))
        self._forget_echoes(batch.connection, partners)

    def _have_completed(self, batch, partners):
        """Who is a customer or supplier without a number, or has a number without being one in
        Tribe, gets the other from the exporter."""
        incomplete = partners.filtered(
            lambda partner: (
                bool(partner.customer_rank) != bool(partner.debtor_number)
                or (
                    partner.is_company
                    and bool(partner.supplier_rank) != bool(partner.creditor_number)
                )
            )
        )
        if incomplete:
            self.env["tribe.work"]._add(
                batch.connection, "outbound", "partner", incomplete.ids, "follow"
            )
            self.env["tribe.engine"]._wake("outbound")

    def _values_of_new(self, connection, remote):
        """The neutral values that a partner is created with.

        What Tribe leaves empty gets Odoo's own default.
        """
        partners = self.env["res.partner"].with_company(connection.company_id)
        values = self._values_from_tribe(connection, remote, {})
        refused = partners._tribe_not_in_odoo(connection, values)
        return {
            name: value
            for name, value in values.items()
            if value is not None and name not in refused
        }

    def _new_partner(self, connection, remote):
        partners = self.env["res.partner"].with_company(connection.company_id)
        values = self._values_of_new(connection, remote)
        # Else Odoo has a default for all companies, which may be that of its installation.
        language = connection.company_id.partner_id.lang
        is_installed = language in dict(self.env["res.lang"].get_installed())
        return {
            **({"lang": language} if is_installed else {}),
            "is_company": remote.kind == "organization",
            # Nobody's default decides whose contact it is.
            "company_id": False,
            "parent_id": False,
            **partners._tribe_vals(connection, values, remote),
            **partners._tribe_address_vals(values),
            "active": remote.is_current,
            "customer_rank": int("customer" in remote.roles_held),
            "supplier_rank": int("supplier" in remote.roles_held),
        }

    def _agreed_on_new(self, connection, remote, partner):
        """What both sides agree on about a partner that was just created, as values of its link.

        As Odoo stores it, or it would count as changed here; but what Odoo filled in by itself
        is to go to Tribe.
        """
        tribe = self._values_from_tribe(connection, remote, {})
        stored = partner._tribe_values(connection, remote.relationships)
        given = {
            name: value
            for name, value in self._values_of_new(connection, remote).items()
            # It is archived, or not, when it is looked at next.
            if name != "active"
        }
        made = made_of(
            {},
            given,
            {},
            stored,
            policy=connection.conflict_policy,
            country=stored.get("country_code"),
        )
        agreed = {
            name: value
            for name, value in stored.items()
            if value is None or tribe.get(name) is not None
        }
        return {
            "agreed": agreed | agreed_on(made, given, stored),
            "made": {name: list(each) for name, each in made.items()} or False,
        }

    def _notes_on_new(self, batch, remote):
        partners, values = self.env["res.partner"], remote.values()
        notes = partners._tribe_not_in_odoo(batch.connection, values)
        return {**notes, **partners._tribe_doubtful(values, values.get("country_code"))}

    def _note_gone(self, batch, relation_ids, failures):
        """Relations that were deleted in Tribe: the link says so, the partner stays."""
        self.env["tribe.suggestion"]._forget_relations(batch.connection, relation_ids)
        for link in self.env["tribe.link"]._of_tribe(batch.connection, relation_ids).values():
            if link.state in ("gone", "left_to_odoo"):
                continue
            if link.kind != batch.kind:
                # It was looked for among those of the other kind.
                self._look_at(batch, link.kind, [link.tribe_id])
                continue
            partner = link.partner_id
            name = partner._tribe_called() if partner else link.tribe_id
            try:
                self._check_surely_gone(batch, link)
            except TryAgain as error:
                failures[link.tribe_id] = (error, name)
                continue
            self._unlink_gone(batch, link, name)


def _in_turn(decisions):
    """Some decisions in pieces: a contact that is changed by itself, since somebody may save it."""
    changing = [each for each in decisions if each.merged.to_odoo]
    others = [each for each in decisions if not each.merged.to_odoo]
    return [piece for piece in (others, *([each] for each in changing)) if piece]


def _numbers(remote):
    """``[(field, number)]`` of a relation."""
    values = remote.values()
    return [(name, values[name]) for name in NUMBERS if values.get(name)]
