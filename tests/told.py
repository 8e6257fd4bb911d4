"""Asserts which sentences are told, by their code and parameters: the words are the table's."""

import contextlib

import pytest

# What only joins other sentences, as in a problem that has several.
JOINTS = ("one_after_the_other", "one_on_each_line")


def is_sentence(text):
    """Whether a text still knows its code. Plain tests and Odoo import the class apart."""
    return isinstance(text, str) and hasattr(text, "code") and hasattr(text, "parameters")


def sentences_of(texts):
    """The sentences of a text or an exception, or of a list of these; joined ones one by one."""
    if isinstance(texts, BaseException):
        texts = texts.args
    if isinstance(texts, (list, tuple)):
        return [each for text in texts for each in sentences_of(text)]
    if is_sentence(texts) and texts.code in JOINTS:
        return sentences_of([texts.parameters[name] for name in ("first", "rest")])
    return [texts] if texts else []


def with_inner(texts):
    """The sentences of some texts, and those within them: a reason, a remedy, a label."""
    for each in sentences_of(texts):
        if is_sentence(each):
            yield each
            yield from with_inner([value for value in each.parameters.values() if _may_have(value)])


def _may_have(value):
    return is_sentence(value) or type(value) in (list, tuple)


def says(text, code, parameters):
    """Whether one sentence has a code, and at least some parameters."""
    return (
        is_sentence(text)
        and text.code == code
        and all(
            name in text.parameters and _is(value, text.parameters[name])
            for name, value in parameters.items()
        )
    )


def _is(wanted, told):
    """Whether a parameter is what is wanted; a sentence within is known by its code."""
    if type(wanted) in (list, tuple) and type(told) in (list, tuple):
        return len(wanted) == len(told) and all(map(_is, wanted, told))
    if is_sentence(wanted):
        return says(told, wanted.code, wanted.parameters)
    return wanted == told


class containing:
    """As a wanted parameter: a text in which some others stand, such as what Tribe itself said."""

    def __init__(self, *parts):
        self.parts = parts

    def __eq__(self, told):
        return isinstance(told, str) and all(part in told for part in self.parts)

    def __repr__(self):
        return f"containing{self.parts}"


def tell(texts):
    """What is told, as a failed test prints it."""
    return "\n".join(_shown(each) for each in sentences_of(texts)) or "nothing"


def _shown(value):
    if type(value) in (list, tuple):
        return f"[{', '.join(map(_shown, value))}]"
    if not is_sentence(value):
        return repr(value)
    return f"{value.code}({', '.join(f'{k}={_shown(v)}' for k, v in value.parameters.items())})"


def _asked_for(code, parameters):
    return f"{code}({', '.join(f'{name}={_shown(value)}' for name, value in parameters.items())})"


def assert_says(texts, code, /, **parameters):
    """One of some texts, or a sentence within one, has this code and at least these parameters."""
    if not any(says(each, code, parameters) for each in with_inner(texts)):
        raise AssertionError(f"{_asked_for(code, parameters)} is not told, but:\n{tell(texts)}")


def assert_only_says(texts, code, /, **parameters):
    """Some texts are one sentence, which has this code and these parameters, or one within it."""
    found = sentences_of(texts)
    if len(found) != 1 or not any(says(each, code, parameters) for each in with_inner(found)):
        wanted = _asked_for(code, parameters)
        raise AssertionError(f"{wanted} is not all that is told, but:\n{tell(texts)}")


def assert_never_says(texts, code, /, **parameters):
    """No sentence of some texts, nor any within them, has this code and these parameters."""
    if any(says(each, code, parameters) for each in with_inner(texts)):
        raise AssertionError(f"{_asked_for(code, parameters)} is told:\n{tell(texts)}")


def beginning(sentence, code, /, unknown, **parameters):
    """The words of a sentence up to a parameter that a test does not know.

    Where only a text is left of it: on a page, or where code of ours made one of it.

    :param sentence: the function, as the test imports it
    :param unknown: the name of the parameter
    """
    return sentence(code, **parameters, **{unknown: "\0"}).partition("\0")[0]


@contextlib.contextmanager
def raises_sentence(code, error=Exception, /, **parameters):
    """An exception is raised whose sentence has this code and at least these parameters.

    Yields what has the exception as ``value``, as ``pytest.raises`` does.
    """
    with pytest.raises(error) as caught:
        yield caught
    assert_says(caught.value, code, **parameters)
