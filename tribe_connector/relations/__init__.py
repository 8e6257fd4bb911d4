"""Relations and contacts: how each becomes, and stays, like the other."""

# Odoo builds models in the order in which they are defined: what others inherit comes first.
from . import synchronizer
from . import matcher
from . import creator
from . import numbering
from . import comparer
from . import exporter
from . import importer
from . import planner
