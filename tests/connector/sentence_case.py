"""What Odoo keeps and refuses is asserted by codes and parameters, never by words."""

from told import assert_never_says, assert_only_says, assert_says, raises_sentence, sentences_of

from odoo.exceptions import UserError


class SentenceCase:
    """A part of a test case: what records tell, and what people are refused."""

    def sentences_told(self, records, field="error"):
        """The sentences that a field of some records keeps; what has no code is a text."""
        return sentences_of([record[field] for record in records])

    def assert_told(self, records, code, /, field="error", **parameters):
        """A sentence that a field keeps, or one within it, has a code and these parameters."""
        assert_says(self.sentences_told(records, field), code, **parameters)

    def assert_only_told(self, records, code, /, field="error", **parameters):
        """All that a field of some records keeps is one sentence, which is or has such a one."""
        assert_only_says(self.sentences_told(records, field), code, **parameters)

    def assert_never_told(self, records, code, /, field="error", **parameters):
        """No sentence that a field keeps, nor one within it, is so."""
        assert_never_says(self.sentences_told(records, field), code, **parameters)

    def assert_trouble(self, connection, code, /, **parameters):
        """What is wrong with a connection as a whole has such a sentence; its form shows all."""
        sentences = connection.sudo()._trouble_sentences()
        self.assertEqual(connection.trouble, "\n".join(sentences))
        assert_says(sentences, code, **parameters)

    def assert_refused(self, code, error=UserError, /, **parameters):
        """Somebody is refused something by a sentence of a code with these parameters.

        As with ``assertRaisesRegex``, what was written before that stays.
        """
        return raises_sentence(code, error, **parameters)
