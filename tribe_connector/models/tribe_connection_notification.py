from datetime import timedelta

from markupsafe import Markup

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from ..engine.problems import FOR_PEOPLE
from ..sentence import say, sentence
from .tribe_connection_limits import MOST_DAYS

ACTIVITY_TYPE = "tribe_connector.mail_activity_type_trouble"
# Streams of tribe.cursor: when somebody was last told, by an activity and by mail.
TOLD_BY_ACTIVITY = "trouble:activity"
TOLD_BY_MAIL = "trouble:mail"
MAIL_INTERVAL = timedelta(days=1)
SHOWN_PROBLEMS = 5


class TribeConnection(models.Model):
    """Tells people what is wrong with a connection, by an activity and by mail."""

    _inherit = "tribe.connection"

    responsible_id = fields.Many2one(
        "res.users",
        "Who Is Told",
        default=lambda self: self.env.user,
        domain=[("share", "=", False)],
        help="Gets an activity when something needs attention and, in the mode Live, a mail at "
        "most once a day.",
    )
    attention_threshold = fields.Integer(
        "Records That Need Attention",
        default=1,
        required=True,
        help="Notify when at least this many records need attention.",
    )
    unavailable_hours = fields.Integer(
        "Hours Without Tribe",
        default=1,
        required=True,
        help="Notify when Tribe has been unreachable for this many hours.",
    )

    @api.constrains("attention_threshold", "unavailable_hours")
    def _check_thresholds(self):
        for connection in self:
            if connection.attention_threshold <= 0 or not (
                0 <= connection.unavailable_hours <= 24 * MOST_DAYS
            ):
                raise ValidationError(
                    say(
                        self.env,
                        "connection_problem",
                        name=connection.name,
                        problem=sentence("thresholds_out_of_range"),
                    )
                )

    @api.constrains("responsible_id")
    def _check_responsible(self):
        """What is told names records of the company: never to a customer in the portal."""
        for connection in self:
            if connection.responsible_id.share:
                raise ValidationError(
                    say(
                        self.env,
                        "responsible_not_internal",
                        name=connection.name,
                    )
                )
            # OdooBot is archived as well: whom code makes a connection for by default.
            told = connection.responsible_id
            if told and not told.active and not told._is_superuser():
                raise ValidationError(
                    say(
                        self.env,
                        "responsible_archived",
                        name=connection.name,
                    )
                )

    def _tell_it_stops(self):
        """Tell the responsible user that it is not planned; no more is looked for."""
        told = [self._stops_schedule_sentence()]
        self._tell_by_activity(told)
        self._tell_by_mail(told)

    def _tell_trouble(self):
        """Tell the responsible user what needs a person, or that all is well again."""
        sentences = self._sentences_to_tell()
        if sentences:
            self._tell_by_activity(sentences)
            self._tell_by_mail(sentences)
        else:
            self._tell_recovery()

    def _sentences_to_tell(self):
        """What somebody should hear of: sentences with their remedy."""
        sentences = list(filter(None, [self._resting_sentence()]))
        since = self._availability().unavailable_since
        patience = timedelta(hours=self.unavailable_hours)
        if forgotten := self._secret_forgotten_sentence():
            sentences.append(forgotten)
        elif since and since + patience <= fields.Datetime.now():
            sentences.append(self._unavailable_sentence())
        sentences += self._turned_sentences()
        sentences += self._scheduled_action_sentences()
        others = (
            self._restored_sentence(),
            self._filter_problem(),
            self._unplaced_sentence(self.company_id),
        )
        sentences += filter(None, others)
        return sentences + self._problems_to_tell()

    def _problems_to_tell(self):
        """How many records need attention, and what is wrong with the first of them.

        Everybody who sees the connection reads it there, so problems of other companies than its
        own are only counted. So are all of them for a user who does not work in that one.
        """
        works = self.env["tribe.work"].sudo()
        in_need = Domain("connection_id", "=", self.id) & Domain("error_class", "in", FOR_PEOPLE)
        count = works.search_count(in_need)
        if count < self.attention_threshold:
            return []
        of_connection = Domain("company_id", "in", [False, self.company_id.id])
        elsewhere = works.search_count(in_need & ~of_connection)
        sentences = [say(self.env, "records_need_attention", count=count)]
        if elsewhere:
            sentences.append(
                say(
                    self.env,
                    "records_of_other_companies",
                    count=elsewhere,
                )
            )
        if self.company_id in self._responsible_user().company_ids:
            sentences += works.search(in_need & of_connection, limit=SHOWN_PROBLEMS).mapped("error")
        return sentences

    def _tell_by_activity(self, sentences):
        cursors = self.env["tribe.cursor"].sudo()
        activities = self._trouble_activities()
        # As Odoo keeps it.
        note = activities._fields["note"].convert_to_cache(_as_list(sentences), activities)
        if activities:
            told = self._responsible_user()
            changed = activities.filtered(
                lambda activity: activity.note != note or activity.user_id != told
            )
            changed.with_context(mail_activity_quick_update=True).write(
                {"note": note, "summary": self._activity_summary(), "user_id": told.id}
            )
        elif not cursors._position(self, TOLD_BY_ACTIVITY) and self._responsible_user():
            # Without the notification that Odoo mails for every activity: we mail ourselves.
            connection = self.with_context(mail_activity_quick_update=True)
            connection.with_user(SUPERUSER_ID).activity_schedule(
                ACTIVITY_TYPE,
                summary=self._activity_summary(),
                note=note,
                user_id=self._responsible_user().id,
            )
            cursors._move(self, TOLD_BY_ACTIVITY, fields.Datetime.now())

    def _activity_summary(self):
        return self.env._("Tribe CRM needs attention")

    def _move_activities(self):
        """Give what was told to whoever is told now, in their language."""
        if self._trouble_activities():
            if sentences := self._sentences_to_tell():
                self._tell_by_activity(sentences)
            else:
                self._tell_recovery()

    def _tell_by_mail(self, sentences):
        cursors = self.env["tribe.cursor"].sudo()
        last = cursors._position(self, TOLD_BY_MAIL)
        address = self._responsible_user().email_formatted
        is_too_soon = last and last + MAIL_INTERVAL > fields.Datetime.now()
        if self.mode != "live" or not address or is_too_soon:
            return
        self.env["mail.mail"].sudo().create(
            {
                "subject": self.env._("“%s” needs attention", self.name),
                "body_html": _as_list(sentences),
                "email_to": address,
                "auto_delete": True,
            }
        )
        self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger()
        cursors._move(self, TOLD_BY_MAIL, fields.Datetime.now())

    def _tell_recovery(self):
        cursors = self.env["tribe.cursor"].sudo()
        told = cursors.search([("connection_id", "=", self.id), ("stream", "=", TOLD_BY_ACTIVITY)])
        if not told:
            return
        told.unlink()
        if activities := self._trouble_activities():
            activities.unlink()
            # By OdooBot: sudo would fill in the default values of whoever chose who is told.
            connection = self.with_user(SUPERUSER_ID)
            connection._message_log(body=self.env._("Nothing needs attention any more."))

    def _trouble_activities(self):
        """Our own activities on the connection.

        Everybody may put one that they made anywhere, of any type, and take it back with its text.
        """
        return (
            self.env["mail.activity"]
            .sudo()
            .search(
                [
                    ("res_model", "=", self._name),
                    ("res_id", "=", self.id),
                    ("activity_type_id", "=", self.env.ref(ACTIVITY_TYPE).id),
                    ("create_uid", "=", SUPERUSER_ID),
                ]
            )
        )

    def _responsible_user(self):
        """Who is told: nobody who left, or became a customer of the portal, since they were chosen.

        Without the chosen one and whoever made the connection: an administrator of its company.
        """
        told = (self.responsible_id | self.create_uid).filtered(
            lambda user: user.active and not user.share
        )
        return told[:1] or self._administrators()[:1]

    def _administrators(self):
        """The administrators of the app who work in the connection's company."""
        managers = self.env.ref("tribe_connector.group_manager").sudo().all_user_ids
        return managers.filtered(
            lambda user: user.active and not user.share and self.company_id in user.company_ids
        ).sorted("id")

    def _in_language_of_responsible_user(self):
        """The connection in the language of who is told: that of mail, and of what Odoo refuses."""
        return self.with_context(lang=self._responsible_user().lang)


def _as_list(sentences):
    """Sentences as an HTML list; what came from Tribe is text in it."""
    items = Markup().join(Markup("<li>%s</li>") % sentence for sentence in sentences)
    return Markup("<ul>%s</ul>") % items
