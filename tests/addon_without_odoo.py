"""The addon as a bare package: importing this makes its parts that know no Odoo importable."""

import pathlib
import sys
import types

ADDON = pathlib.Path(__file__).resolve().parents[1] / "tribe_connector"

package = types.ModuleType(ADDON.name)
# Its own __init__ imports the models, which need Odoo.
package.__path__ = [str(ADDON)]
sys.modules.setdefault(ADDON.name, package)
