"""Invoices of Tribe on their way to the books, and their payments on the way back."""

# Odoo builds models in the order in which they are defined: what others inherit comes first.
from . import booker
from . import booker_checks
from . import booker_mapping
from . import booker_numbers
from . import booker_values
from . import comparer
from . import comparer_listings
from . import document_importer
from . import importer
from . import importer_booked
from . import importer_customers
from . import importer_reading
from . import importer_unmapped
from . import payment_exporter
