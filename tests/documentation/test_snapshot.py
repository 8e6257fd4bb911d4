"""./dev snapshot: the same text for the same state, and nobody's files are taken away."""

import pytest
from snapshot.text import Placeholders, shown, write

from host import snapshot
from host.console import Failure

FIRST = "0f8fad5b-d9cb-469f-a165-70867728950e"
SECOND = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


def test_what_is_drawn_is_counted_as_it_is_met():
    names = Placeholders()
    told = names.settle(f"GET http://127.0.0.1:4711/Entity({SECOND}) {FIRST} {SECOND.upper()}")
    assert told == "GET http://127.0.0.1:<port 1>/Entity(<id 1>) <id 2> <id 1>"
    assert (
        names.settle(f"odoo:{FIRST}:res.partner:77 77") == "odoo:<id 2>:res.partner:<contact 1> 77"
    )


def test_what_has_no_order_is_written_in_one():
    assert shown({"b": 1, "a": None}) == shown({"a": None, "b": 1})


def test_a_part_replaces_that_part_only(tmp_path):
    write(tmp_path / "installed" / "schema.txt", ["a"])
    write(tmp_path / "traffic" / "relations-0.txt", ["b"])
    write(tmp_path / "overrides.txt", ["c"])
    snapshot._make_room(tmp_path, ["traffic", "overrides"])
    assert [path.name for path in tmp_path.iterdir()] == ["installed"]


def test_a_folder_with_something_else_is_left_alone(tmp_path):
    write(tmp_path / "letters" / "a.txt", ["a"])
    with pytest.raises(Failure):
        snapshot._make_room(tmp_path, ["installed"])
    assert (tmp_path / "letters" / "a.txt").read_text() == "a\n"
