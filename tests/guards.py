"""The guards of the box and of the collector, for tests/mutations.py: what each is taken out by, and which test must fail.

GUARDS: file below kd_course/grading -> (exact text, once in that file; what stands there instead; test).
"""

from __future__ import annotations

REPLY = "test_guards.py::test_a_reply_of_another_form_is_none"
INWARDS = "test_guards.py::test_what_only_goes_in_does_not_come_out"
OUTCOME = "test_guards.py::test_an_outcome_that_no_attempt_can_have_is_refused"
LOADED = "test_guards.py::test_what_was_loaded_is_told_in_one_form"
WAITING = "test_guards.py::test_silence_is_waited_for_as_long_as_was_said_and_all_of_them_as_long_as_all_may_take"
LATE = "test_guards.py::test_what_is_used_after_the_last_outcome_counts_too"
SHARE = "test_guards.py::test_more_than_its_share_ends_it"
HASTY = "test_guards.py::test_an_answer_before_the_question_is_no_answer"
FILTER = "test_guards.py::test_the_filter_of_system_calls_refuses_what_it_is_there_for"
BOUNDS = "test_guards.py::test_the_kernel_bounds_what_a_process_may_use"
ROOT = "test_guards.py::test_nothing_of_roots_is_left"
RIGHTS = "test_guards.py::test_rights_are_given_up_whatever_bubblewrap_has_taken_already"
SEEN = "test_guards.py::test_an_exercise_has_one_channel_and_no_rights_and_sees_nobody"
WITHHELD = "test_guards.py::test_what_is_asked_for_is_gone_under_every_name_it_was_imported_by"
PROBE = "test_guards.py::test_a_box_that_still_sees_something_or_is_root_is_none"
WALLS = "test_guards.py::test_bubblewrap_is_asked_for_every_wall"
LINKS = "test_guards.py::test_links_are_not_followed_wherever_they_are"
OPENED = "test_guards.py::test_what_turns_into_a_link_or_a_pipe_after_it_was_listed_is_not_opened"
PATHS = "test_guards.py::test_a_path_that_leads_out_of_an_archive_is_said"
EXPORT = "test_guards.py::test_a_path_that_leads_out_of_an_export_is_nobodys"
LOCKED = "test_guards.py::test_what_is_locked_in_an_archive_or_hidden_by_the_system_is_no_work"
SIZES = "test_guards.py::test_a_notebook_and_a_submission_are_of_bounded_size"
NUMBERS = "test_guards.py::test_the_number_of_files_and_the_depth_of_folders_are_bounded"
CONTENTS = "test_guards.py::test_an_archives_contents_are_bounded_before_they_are_read"
NESTED = "test_guards.py::test_archives_in_archives_are_opened_once"
STATUS = "test_guards.py::test_paths_that_lead_out_and_files_that_break_decide_the_status"
STUMBLES = "test_guards.py::test_what_the_grader_stumbles_over_is_one_submission_and_its_own_trouble_is_nobodys"
TABLE = "test_guards.py::test_a_table_holds_results_of_one_assignment_and_no_formula"
ENVIRONMENT = "test_grading.py::test_an_environment_handed_in_along_with_the_work_is_left_out"
BY_HEART = "test_guards.py::test_what_is_published_earns_nothing_by_itself"
UNREAD = "test_grading.py::test_what_never_looks_at_the_question_earns_nothing"
THE_SAME = "test_guards.py::test_the_same_answer_to_all_and_a_refusal_of_all_earn_nothing"
SECRET = "test_grading.py::test_the_secret_of_hidden_inputs_is_long_kept_and_drawn_again_where_it_is_damaged"
LEFT_OUT = "test_honest.py::test_what_of_a_cell_is_left_out_is_noted"
ALIKE = "test_identity.py::test_names_that_look_alike_do_not_merge_and_the_exact_one_keeps_its_own"
NAMESAKE = "test_identity.py::test_a_namesakes_number_makes_nobody_elses_name"
EXACT = "test_identity.py::test_an_exact_id_goes_before_case_and_punctuation_whatever_the_order"
DOUBT = "test_identity.py::test_a_display_name_that_holds_the_pattern_is_said_and_not_guessed"
NUMBER = "test_identity.py::test_a_number_of_the_assignment_is_no_id_and_a_platforms_number_is"
EITHER = "test_identity.py::test_two_that_could_be_one_and_one_that_could_be_two_are_said"
NO_NOTE = "test_identity.py::test_no_note_makes_the_table_unreadable_and_half_a_character_is_kept_as_a_mark"

GUARDS: dict[str, tuple[tuple[str, str, str], ...]] = {
    # -- bytes, types and keys of a reply --
    "sandboxed/wire.py": (
        ("if total != len(message) - 8 or head > total - 4:", "if False:", REPLY),
        ("if reader.at != len(reader.blobs):", "if False:", REPLY),
        ("if depth > DEEPEST or self.seen > MOST:", "if self.seen > MOST:", REPLY),
        ("if depth > DEEPEST or self.seen > MOST:", "if depth > DEEPEST:", REPLY),
        ("type(tree) is int and tree.bit_length() > LARGEST_NUMBER", "False", REPLY),
        ("if len(tree) > self.longest:", "if False:", REPLY),
        ("if type(tree) is not dict or len(tree) != 1:", "if type(tree) is not dict:", REPLY),
        ('if tag == "x" and self.tensors:', 'if tag == "x":', INWARDS),
        ('if tag in ("m", "h") and self.tensors:', 'if tag in ("m", "h"):', INWARDS),
        ('if tag == "b" and self.tensors and', 'if tag == "b" and', INWARDS),
        ("if name not in allowed:", "if False:", REPLY),
        ("any(type(n) is not int or not 0 <= n <= LARGEST for n in shape)", "False", REPLY),
        ("if not 0 <= size <= len(self.blobs) - self.at:", "if False:", REPLY),
        ('if name == "bool" and raw and', "if False and raw and", REPLY),
        (" or type(pair[0]) not in (str, int):", ":", REPLY),
        ("not -LARGEST_KEY < pair[0] < LARGEST_KEY", "False", REPLY),
    ),
    "outcomes.py": (
        (" or set(told) != KEYS:", ":", OUTCOME),
        ('if type(told["attached"]) is not bool or', "if", OUTCOME),
        (' or type(told["refused"]) is not str:', ":", OUTCOME),
        ('if failed and told["value"] is not None:', "if False:", OUTCOME),
        ('    _plain(told["value"])\n', "", OUTCOME),
        ('    _plain(told["after"])\n', "", OUTCOME),
        ('if type(told["after"]) is not tuple:', "if False:", OUTCOME),
        (" or len(told) > 50", "", OUTCOME),
        ("    if not types:\n", "    if False:\n", OUTCOME),
        ("if type(told) is not tuple or any(type(array)", "if any(type(array)", OUTCOME),
        ("if [array.shape for array in told] != shapes or", "if", OUTCOME),
        (" or any(a.dtype != np.float64 for a in told):", ":", OUTCOME),
        (' or set(told) != {*flags, "errors"}:', ":", LOADED),
        ("if any(type(told[name]) is not bool for name in flags) or", "if", LOADED),
        (' or type(told["errors"]) is not list:', ":", LOADED),
        ("if type(error) is not list or [", "if [", LOADED),
        (" or [type(part) for part in error] != [str, str, str, int]:", ":", LOADED),
    ),
    # -- size, time, memory and order of a conversation --
    "conversation.py": (
        (
            "if size > self.limits.reply:",
            "if False:",
            "test_guards.py::test_a_reply_that_says_it_is_large_is_not_waited_for",
        ),
        ("if now >= until:", "if False:", WAITING),
        ("min(now + self.limits.seconds, self.began + self.limits.total)", "now + self.limits.seconds", WAITING),
        ("min(now + self.limits.seconds, self.began + self.limits.total)", "self.began + self.limits.total", WAITING),
        ("if held > self.limits.memory or", "if", SHARE),
        (" or used.size > 4 * self.limits.memory:", ":", SHARE),
        ("held = used.memory + used.channels", "held = used.memory", SHARE),
        ("if used.processes > self.limits.processes:", "if False:", SHARE),
        ("            self._look()\n            readable", "            readable", LATE),
        ("                    self._look()\n            except", "                    pass\n            except", LATE),
        (
            'raise Stopped("tampered", "more was sent than was asked for")',
            "pass",
            "test_guards.py::test_what_is_said_after_the_last_outcome_is_too_much",
        ),
    ),
    "resources.py": (
        (
            "_sockets(pids[-1]) * _FULL if own_network else 0",
            "0",
            "test_guards.py::test_every_socket_that_a_room_has_counts_as_if_it_was_full",
        ),
    ),
    "box.py": (
        ("if conversation.has_more():", "if False:", HASTY),
        ('run.ended, run.why = "tampered", f"not a reply: {error}"', "pass", HASTY),
        ("signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)", "pass", SEEN),
        (
            "self._group = cgroups.bounded(self._keeper, self.box.memory)",
            "pass",
            "test_cgroups.py::test_a_room_is_in_a_group_of_its_own_before_any_code_of_a_students_runs",
        ),
    ),
    "cgroups.py": (
        (
            "if not members <= set(resources.below(os.getpid())):",
            "if False:",
            "test_cgroups.py::test_where_groups_cannot_be_made_it_is_said_why",
        ),
        (
            '(self.place / "memory.oom.group").write_text("1")',
            "pass",
            "test_cgroups.py::test_a_group_bounds_memory_without_swap_and_ends_as_a_whole",
        ),
    ),
    # -- what a process loses: namespaces, calls, limits, rights --
    "sandboxed/confine.py": (
        ('    "socket": (41, 198),', "", FILTER),
        ('    "memfd_create": (319, 279),', "", FILTER),
        ("(_EQUAL, 1, 0, architecture)", "(_EQUAL, 1, 1, architecture)", FILTER),
        ("(_AT_LEAST, 0, 1, 0x40000000)", "(_AT_LEAST, 1, 1, 0x40000000)", FILTER),
        ("(_EQUAL, 0, 1, _CLONE3)", "(_EQUAL, 1, 1, _CLONE3)", FILTER),
        ("_NAMESPACES = 0x7E020000", "_NAMESPACES = 0x7C020000", FILTER),
        ('("RLIMIT_AS", limits["memory"] + _held()),', "", BOUNDS),
        ('("RLIMIT_NPROC", limits["processes"]),', "", BOUNDS),
        ('("RLIMIT_FSIZE", limits["scratch"]),', "", BOUNDS),
        ('("RLIMIT_CPU", limits["seconds"] * 4 + 60),', "", BOUNDS),
        ("os.setgroups([])", "pass", ROOT),
        ("os.setresgid(NOBODY, NOBODY, NOBODY)", "pass", ROOT),
        ("os.setresuid(NOBODY, NOBODY, NOBODY)", "pass", ROOT),
        ('_call(_libc.capset(header, bytes(24)), "capset")', "pass", SEEN),
        ("_libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0)", "pass", RIGHTS),
        ('"capset")\n    touchable(False)', '"capset")', RIGHTS),
        ('for place in (b"/proc", b"/box/sandboxed"):', 'for place in (b"/proc",):', SEEN),
        ('for place in (b"/proc", b"/box/sandboxed"):', 'for place in (b"/box/sandboxed",):', SEEN),
        ("NEW_USER | NEW_MOUNTS | NEW_PROCESSES |", "NEW_USER | NEW_MOUNTS |", SEEN),
    ),
    "sandboxed/loader.py": (
        ("        if alone:\n            _kill_all()\n", "", SEEN),
        ("        os.closerange(3, own)\n", "", SEEN),
        ("        os.closerange(own + 1, 4096)\n", "", SEEN),
        ("        os.setsid()\n", "", SEEN),
        ("confine.give_up_rights()", "pass", SEEN),
        ('confine.bound(job["limits"])', "pass", SEEN),
        ("confine.filter_calls()", "pass", SEEN),
        ('confine.empty_places(job["limits"]["scratch"])', "pass", SEEN),
        ("confine.leave_root()", "pass", SEEN),
    ),
    "sandboxed/package.py": (
        ("refuse(function, message)", "pass", WITHHELD),
        ("finder.sources.update(stripped)", "pass", WITHHELD),
    ),
    "isolation.py": (
        ('if told["sees"] or told["root"]:', 'if told["root"]:', PROBE),
        ('if told["sees"] or told["root"]:', 'if told["sees"]:', PROBE),
        ('"--unshare-pid", "--unshare-net"', '"--unshare-pid"', WALLS),
        ('"--unshare-pid", "--unshare-net"', '"--unshare-net"', WALLS),
        (', "--clearenv"]', "]", WALLS),
        ('"--die-with-parent", ', "", WALLS),
        ("for secret in (*hidden, *_answers()):", "for secret in hidden:", WALLS),
        ("for secret in (*hidden, *_answers()):", "for secret in _answers():", WALLS),
    ),
    # -- links, paths and sizes of what is handed in --
    "collect.py": (
        ("if stat.S_ISLNK(kind):", "if False:", LINKS),
        ("if entry.is_symlink():\n            files.escapes", "if False:\n            files.escapes", LINKS),
        ("if entry.is_symlink():\n        _add(", "if False:\n        _add(", LINKS),
        (' | getattr(os, "O_NOFOLLOW", 0)', "", OPENED),
        (' | getattr(os, "O_NONBLOCK", 0)', "", OPENED),
        ("if not stat.S_ISREG(os.fstat(descriptor).st_mode):", "if False:", OPENED),
        ('elif ".." in parts or', "elif", PATHS),
        (' or member.filename.startswith(("/", "\\\\"))', "", PATHS),
        (' or ":" in parts[0]:', ":", PATHS),
        ('if ".." not in inside.parts and not any', "if not any", EXPORT),
        ("elif member.flag_bits & 1:", "elif False:", LOCKED),
        (" or any(map(_is_ignored, parts))", "", LOCKED),
        ("parts, left = [], size + 1", "parts, left = [], 2**40", SIZES),
        ("return ALTOGETHER - sum(", "return 9 * ALTOGETHER - sum(", SIZES),
        ("if len(files.notebooks) >= MOST_FILES:", "if False:", NUMBERS),
        ("if seen > MOST_ENTRIES:", "if False:", NUMBERS),
        ("listed[:MOST_ENTRIES]", "listed", NUMBERS),
        ("if depth > DEEPEST:", "if False:", NUMBERS),
        ("if size > LARGEST_ARCHIVE or", "if", CONTENTS),
        (" or entries > MOST_LISTED:", ":", CONTENTS),
        ('.endswith(".zip") and depth == 0:', '.endswith(".zip"):', NESTED),
        ("if depth and any(entry.name == ENVIRONMENT for entry in entries):", "if False:", ENVIRONMENT),
        ("if environments.isdisjoint(path.parents):", "if True:", ENVIRONMENT),
        (
            'files.problems.append(f"{clean(name)} could not be read ({type(error).__name__})")',
            "raise",
            "test_identity.py::test_a_member_that_is_broken_costs_itself_and_nothing_sorted_after_it",
        ),
        ("    if entry.doubt:\n", "    if False:\n", DOUBT),
        (
            "alone = not any(_may_be_work(e) and _holds_work(Path(e.path)) for e in beside)",
            "alone = True",
            "test_identity.py::test_a_student_called_submitted_is_one_of_them_and_nbgraders_folder_is_the_class",
        ),
    ),
    # -- who is who --
    "identity.py": (
        (
            "if 2 * sum(bool(pattern.fullmatch(entry)) for entry in entries) > len(entries) > 0:",
            "if any(map(pattern.fullmatch, entries)):",
            "test_identity.py::test_a_folder_that_looks_like_a_platforms_entry_keeps_its_name",
        ),
        (
            "if entry in known or bare in known:",
            "if False:",
            "test_identity.py::test_an_id_of_the_roster_is_that_students_whatever_it_looks_like",
        ),
        ('if platform == MOODLE and "_assignsubmission_" in parts["rest"]:', "if False:", DOUBT),
        (
            'if any("\\udc80" <= c <= "\\udcff" for c in name):',
            "if False:",
            "test_identity.py::test_a_byte_that_is_no_utf_8_is_a_letter_and_tells_two_names_apart",
        ),
        (" if c.isprintable() or c.isspace()\n", "\n", ALIKE),
        ("if taken[made[key]] > 1 and key not in exact:", "if False:", ALIKE),
        ("if taken[made[key]] > 1 and key not in exact:", "if taken[made[key]] > 1:", ALIKE),
        ('made[key] = name if alone or not key[1] else f"{name} ({clean(key[1])})"', "made[key] = name", NAMESAKE),
        ("            if not free:\n", "            if False:\n", EXACT),
        ("(_number, _exact, _same_id, _id_as_number, _same_name, _alias)", "(_alias, _number, _exact)", EXACT),
        ("elif len(rows) > 1:", "elif False:", EITHER),
        ("elif claims[rows[0].id] > 1:", "elif False:", EITHER),
        ("if not person.id or person.platform == MOODLE:", "if not person.id:", NUMBER),
        ("if person.platform == MOODLE:  # a number", "if False:  # a number", NUMBER),
        (
            "if found.setdefault(student.id, student) != student:",
            "if False:",
            "test_grading.py::test_a_roster_tells_namesakes_apart_or_is_refused",
        ),
    ),
    # -- what is made of it --
    "cells.py": (
        ("if len(source) > allowance.source:", "if False:", LEFT_OUT),
        ("if len(source) > LARGEST_CELL or is_piled_up(source):", "if is_piled_up(source):", LEFT_OUT),
        (" or is_piled_up(source):", ":", LEFT_OUT),
        ("enumerate(cells[:MOST_CELLS], start=1)", "enumerate(cells, start=2)", LEFT_OUT),
    ),
    "submission.py": (
        ("tampered = bool(files.escapes)", "tampered = False", STATUS),
        ("lost = lesson in broken or files.problems and not by_lesson", "lost = lesson in broken", STATUS),
        ("lost = lesson in broken or files.problems", "lost = files.problems", STATUS),
        ("        if left <= 0:\n", "        if False:\n", "test_honest.py::test_a_submission_has_a_time_for_all_of_its_exercises"),
    ),
    "class_run.py": (
        ("    except Exception as error:\n", "    except ZeroDivisionError as error:\n", STUMBLES),
        ("except (BoxBroken, OSError):", "except BoxBroken:", STUMBLES),
    ),
    "marking.py": (
        ("earning = tuple(i for i in sheet.telling if i in drawn)", "earning = tuple(sheet.telling)", BY_HEART),
        ("total or _has_looked(sheet, outcomes, right)", "total or any(not sheet.expected[i].raised for i in right)", THE_SAME),
        ("return _vary(sheet.expected, solved) and _vary(outcomes, solved)", "return True", THE_SAME),
        ("if not _is_given_back(cases[i], sheet.expected[i])]", "]", UNREAD),
        (
            "    if run.ended == TAMPERED:\n",
            "    if False:\n",
            "test_guards.py::test_whoever_interferes_earns_nothing_though_all_of_it_is_right",
        ),
        (
            '        if exercise.kind == "value":\n            points',
            "        if False:\n            points",
            "test_guards.py::test_a_value_that_was_not_told_to_its_end_earns_nothing",
        ),
        (
            "    except Exception as error:  # nothing",
            "    except ZeroDivisionError as error:  # nothing",
            "test_guards.py::test_what_cannot_be_compared_costs_itself_and_does_not_stop_the_run",
        ),
        (
            "[as_it_is_meant(exercise, outcome) for outcome in run.outcomes]",
            "run.outcomes",
            "test_grading.py::test_a_value_that_passes_the_check_gets_its_points",
        ),
        (
            "    if used:\n        words = (",
            "    if False:\n        words = (",
            "test_grading.py::test_calling_what_is_withheld_earns_nothing_and_is_named_wherever_it_is_called",
        ),
        (
            "next((name for name in raised.types if name in _BUILTIN), None)",
            "raised.types[0]",
            "test_grading.py::test_a_name_of_an_error_tells_little",
        ),
    ),
    "results.py": (
        ("return text if len(text) <= LONGEST_NOTE else", "return text if text else", NO_NOTE),
        ('"".join(c if c.isprintable() else " " for c in text)', "text", NO_NOTE),
        ('data = text.encode("utf-8", "replace")', 'data = text.encode("utf-8")', NO_NOTE),
        ("if result is not None and result.assignment == assignment:", "if result is not None:", TABLE),
        ("if isinstance(value, str) and _FORMULA", "if False and _FORMULA", TABLE),
        ("    if tampered:\n", "    if False:\n", TABLE),
    ),
    # -- the secret --
    "secret.py": (
        (" or int(text, 16).bit_length() < BITS - 8:", ":", SECRET),
        ("        path.touch(mode=0o600)\n", "", SECRET),
        ('fullmatch(r"[0-9a-f]+", text)', 'match(r"", text)', SECRET),
        (
            "os.link(fresh, path)",
            "os.replace(fresh, path)",
            "test_grading.py::test_of_parts_that_begin_at_once_one_draws_the_secret_for_all",
        ),
        (
            'f"{secret} {id}".encode()',
            "id.encode()",
            "test_guards.py::test_another_secret_draws_other_inputs",
        ),
    ),
    "grade_command.py": (
        (
            "            _refuse_released(submissions)\n",
            "            pass\n",
            "test_grading.py::test_without_its_seed_a_released_course_is_not_graded_by_other_conventions",
        ),
    ),
}  # fmt: skip
