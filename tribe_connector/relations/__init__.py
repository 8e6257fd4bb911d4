"""Relations and contacts: how each becomes, and stays, like the other.

A service that is large has a file for each thing that it does: ``importer_updates.py`` is a part
of the importer. Each service inherits the ones before it: synchronizer, matcher, creator and
numbering; importer, exporter; planner, which decides as these two do.
"""

# Odoo builds models in the order in which they are defined: what others inherit comes first.
from . import synchronizer
from . import synchronizer_merge
from . import synchronizer_addresses
from . import synchronizer_numbers
from . import synchronizer_links
from . import odoo_writer
from . import matcher
from . import matcher_numbers
from . import matcher_evidence
from . import matcher_candidates
from . import creator
from . import creator_lost_answers
from . import numbering
from . import numbering_clashes
from . import comparer
from . import comparer_missing
from . import exporter
from . import tribe_writer
from . import importer
from . import importer_followers
from . import importer_matches
from . import importer_updates
from . import importer_new_contacts
from . import planner
from . import planner_lines
