"""The list of guards fits the source: none of it has gone, or stands in two places. `mutations.py` does the rest."""

from __future__ import annotations

import sys
import types

import mutations


def test_every_guard_stands_once_in_its_file_and_has_its_test():
    assert len(mutations.ALL) >= 40
    assert not mutations.misplaced(mutations.ALL)


def test_a_guard_that_has_gone_or_whose_test_has_is_said():
    gone = mutations.Guard("box.py", "no such text", "", "test_guards.py::test_links_are_not")
    told = mutations.misplaced([gone])
    assert len(told) == 2 and "found 0 times" in told[0] and "there is no" in told[1]


def test_what_is_taken_out_is_out_in_memory_under_every_name():
    module = types.ModuleType("kd_course.grading.made")
    text = "LARGEST = 3\ndef size(x):\n    return min(x, LARGEST)\n\n\ndef other():\n    return 1\n"
    exec(compile(text, "made.py", "exec"), vars(module))
    imported, other = module.size, module.other
    sys.modules[module.__name__] = module
    try:
        guard = mutations.Guard("made.py", "min(x, LARGEST)", "x", "")
        mutations.take_out(guard, text.replace(guard.text, guard.instead))
        assert (imported(7), module.size is imported, module.other is other) == (7, True, True)
        exec(compile(text, "made.py", "exec"), vars(module))  # as it was: one guard at a time
        mutations.take_out(guard, text.replace("LARGEST = 3", "LARGEST = 5"))
        assert module.size(9) == 5
    finally:
        del sys.modules[module.__name__]
