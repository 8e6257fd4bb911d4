from odoo.tests import BaseCase, tagged

from ..controllers.refusal_counter import RefusalCounter


@tagged("post_install", "-at_install")
class TestRefusalCounter(BaseCase):
    """Who was refused too often lately, in a bounded memory."""

    def setUp(self):
        super().setUp()
        self.now = 1000.0

    def counter(self, **options):
        return RefusalCounter(clock=lambda: self.now, **{"allowed": 2, "seconds": 60, **options})

    def test_each_address_counts_for_itself(self):
        counter = self.counter()

        self.assertEqual([counter.note("a") for _time in range(4)], [False, False, True, True])
        self.assertFalse(counter.note("b"))

    def test_after_a_minute_it_begins_anew(self):
        counter = self.counter()
        for _time in range(5):
            counter.note("a")
        self.now += 59
        self.assertTrue(counter.note("a"))

        self.now += 1
        self.assertFalse(counter.note("a"))

    def test_the_memory_is_bounded(self):
        counter = self.counter(most_addresses=100)
        for number in range(1000):
            counter.note(str(number))
        self.assertEqual(len(counter), 100)

        self.now += 60
        for number in range(1000):
            counter.note(str(number))
        self.assertEqual(len(counter), 100)

    def test_whoever_is_refused_now_is_not_the_one_who_is_forgotten(self):
        counter = self.counter(most_addresses=2)
        counter.note("old")
        counter.note("a")
        self.now += 60
        counter.note("old")
        counter.note("b")

        self.assertEqual(
            [counter.note("old"), counter.note("old"), counter.note("a")], [False, True, False]
        )
