"""The reading corpus: answers where it says, annotators as it says, English that holds."""

from __future__ import annotations

import copy
import hashlib
import itertools
import re
import subprocess
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest

from kd_course.corpora import reading
from kd_course.corpora.grammars.annotators import SHARES, mark, spans, taken
from kd_course.corpora.grammars.cast import KINDS, Phrase
from kd_course.corpora.grammars.stories import Mention
from kd_course.corpora.grammars.story_files import make_story
from kd_course.corpora.words import read

WORDS = read("reading_words")

SMALL = {"train": 60, "validation": 20, "test": 30, "test_new_names": 15}


@pytest.fixture(scope="module")
def corpus():
    return reading.load(seed=0)


@pytest.fixture(scope="module")
def plain():
    return reading.load(seed=0, level="plain")


@pytest.fixture(scope="module")
def rows(corpus):
    """All rows of level "full", as plain dictionaries."""
    return [row for split in corpus.values() for row in split.to_list()]


@pytest.fixture(scope="module")
def all_rows(rows, plain):
    return rows + [row for split in plain.values() for row in split.to_list()]


@pytest.fixture(scope="module")
def passages(all_rows):
    return list(dict.fromkeys(row["context"] for row in all_rows))


def core(row):
    """Start and end of what all acceptable answers share."""
    return max(s["start"] for s in row["spans"]), min(s["end"] for s in row["spans"])


# --- Splits, schema, sizes ------------------------------------------------------------------------


def test_a_question_of_one_passage_is_answered_by_no_other():
    """Painters, for whom one can tell by the words alone which passages name them."""
    sizes = {"train": 0, "validation": 120, "test": 0, "test_new_names": 0}
    asked = reading.load(seed=0, level="plain", sizes=sizes)["validation"].to_list()
    kept = reading.load(seed=0, level="plain", sizes=sizes, one_passage=True)[
        "validation"
    ].to_list()
    assert kept == [row for row in asked if row in kept] and len(kept) < len(asked)
    passages = {row["context"] for row in asked}
    counts = {True: set(), False: set()}  # was it kept? -> how many passages name the painter
    for row in asked:
        if title := re.match(r'Who painted ("[^"]+")\?', row["question"]):
            named = re.compile(rf"{title[1]} was painted by|{title[1][:-1]},?\",? painted by")
            counts[row in kept].add(sum(bool(named.search(text)) for text in passages))
    assert counts[True] == {1} and min(counts[False]) > 1


def test_the_corpus_has_squads_columns_and_two_of_its_own(corpus, plain):
    for level in (corpus, plain):
        assert list(level) == ["train", "validation", "test", "test_new_names"]
        for split in level.values():
            assert split.column_names == [
                "id", "title", "context", "question", "answers", "kind", "spans",
            ]  # fmt: skip
            assert set(split["kind"]) == set(reading.KINDS)
    row = corpus["test"][0]
    assert set(row["answers"]) == {"text", "answer_start"}
    assert set(row["spans"][0]) == {"start", "end", "probability"}


def test_there_are_more_than_twenty_thousand_questions_over_four_thousand_passages(corpus):
    counted = [corpus[name] for name in ("train", "validation", "test")]
    assert sum(map(len, counted)) >= 20_000
    assert sum(len(set(split["context"])) for split in counted) >= 4_000
    for name, split in corpus.items():
        assert len(set(split["context"])) == reading.SIZES[name]
        assert len(split) == reading.SIZES[name] * reading.QUESTIONS


@pytest.mark.thorough
def test_no_passage_stands_in_two_splits_of_any_seed_or_in_the_teachers_corpus(corpus):
    loads = [corpus, *(reading.load(seed=seed, sizes=SMALL) for seed in (1, 2))]
    texts = {name: set().union(*(set(load[name]["context"]) for load in loads)) for name in corpus}
    texts["teacher"] = set(reading.teacher_corpus(seed=0, size=300)["context"])
    texts["teacher"] |= set(reading.teacher_corpus(seed=2, size=100)["context"])
    for one, other in itertools.combinations(texts, 2):
        assert not texts[one] & texts[other], (one, other)


def test_every_question_has_an_id_of_its_own(all_rows):
    assert len({row["id"] for row in all_rows}) == len(all_rows)
    assert len({(row["context"], row["question"]) for row in all_rows}) == len(all_rows)


def test_new_names_occur_in_their_split_alone(corpus, plain):
    new = re.compile(
        r"\b(%s)\b"
        % "|".join((*WORDS["new_companies"], *WORDS["new_surnames"], *WORDS["new_cities"]))
    )
    old = re.compile(
        r"\b(%s)\b" % "|".join((*WORDS["companies"], *WORDS["surnames"], *WORDS["cities"]))
    )
    for level in (corpus, plain):
        for name, split in level.items():
            for context in set(split["context"]):
                assert bool(new.search(context)) == (name == "test_new_names")
                assert bool(old.search(context)) == (name != "test_new_names")


def test_a_smaller_load_is_the_beginning_of_a_larger_one(corpus):
    small = reading.load(seed=0, sizes=SMALL)
    for name, size in SMALL.items():
        assert small[name].to_list() == corpus[name].select(range(size * 5)).to_list()


def test_another_seed_gives_other_passages(corpus):
    other = reading.load(seed=1, sizes=SMALL)["train"]
    assert not set(other["context"]) & set(corpus["train"]["context"])


def digest(seed, level):
    found = hashlib.sha256()
    for name, split in reading.load(seed, level=level, sizes=SMALL).items():
        for row in split:
            marked = [f"{s['start']} {s['end']} {s['probability']:.9f}" for s in row["spans"]]
            parts = (name, row["id"], row["context"], row["question"], row["answers"], marked)
            found.update(repr(parts).encode())
    return found.hexdigest()


def test_the_same_seed_gives_the_same_rows_everywhere():
    # Whoever changes the corpus trains the shipped teacher and runs the ledger's figures again.
    assert digest(7, "full") == FULL
    assert digest(7, "plain") == PLAIN


@pytest.mark.thorough
def test_another_process_gives_the_same_rows():
    code = (
        "from kd_course.corpora import reading\n"
        "print(reading.load(3, sizes={'train': 5, 'test': 2})['train'].to_list())"
    )
    out = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PATH": "", "HF_HUB_OFFLINE": "1"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert out[0] == out[1] != ""


def test_the_corpus_needs_no_torch_and_little_time():
    code = (
        "import sys; from kd_course.corpora import reading; "
        "assert not {'torch', 'datasets', 'numpy'} & set(sys.modules), 'import is dear'; "
        "reading.load(sizes={'train': 2}); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    begin = time.process_time()
    reading.load(seed=11, sizes={"train": 360, "validation": 40, "test": 80, "test_new_names": 40})
    assert time.process_time() - begin < 4, "a tenth of the corpus should take well below a second"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seed": -1}, "seed: must be a whole number >= 0, not -1"),
        ({"seed": True}, "seed: must be a whole number"),
        ({"level": "hard"}, "level: must be one of"),
        ({"sizes": {"dev": 3}}, r"no such split \['dev'\]"),
        ({"sizes": {"test": 1.5}}, "sizes: 'test' must be a whole number"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        reading.load(**arguments)


def test_the_teachers_corpus_has_the_size_asked_for_and_one_answer_a_question():
    found = reading.teacher_corpus(size=20, level="plain")
    assert len(found) == 20 * reading.QUESTIONS
    assert all(len(answers["text"]) == 1 for answers in found["answers"])
    with pytest.raises(ValueError, match="size: must be a whole number"):
        reading.teacher_corpus(size=-1)


# --- Answers --------------------------------------------------------------------------------------


def test_offsets_really_give_the_text(all_rows):
    for row in all_rows:
        for text, start in zip(*row["answers"].values(), strict=True):
            assert row["context"][start : start + len(text)] == text
            assert text == text.strip() != ""


@pytest.mark.thorough
def test_one_annotator_in_train_three_elsewhere_and_all_give_acceptable_answers(corpus, plain):
    for name, split in (*corpus.items(), *plain.items()):
        for row in split.to_list():
            acceptable = {(row["context"][s["start"] : s["end"]], s["start"]) for s in row["spans"]}
            given = list(zip(*row["answers"].values(), strict=True))
            assert len(given) == (1 if name == "train" else 3)
            assert set(given) <= acceptable


def test_acceptable_answers_are_distinct_ordered_and_sum_to_one(all_rows):
    for row in all_rows:
        probabilities = [span["probability"] for span in row["spans"]]
        assert abs(sum(probabilities) - 1) < 1e-12
        assert min(probabilities) > 0
        assert probabilities == sorted(probabilities, reverse=True)
        assert len({(s["start"], s["end"]) for s in row["spans"]}) == len(probabilities)


def test_every_acceptable_answer_holds_a_core_that_stands_once_in_the_passage(all_rows):
    for row in all_rows:
        start, end = core(row)
        assert start < end
        assert row["context"].count(row["context"][start:end]) == 1
        # An edge falls between words: nobody marks half a word or half a number.
        for span in row["spans"]:
            around = row["context"][span["start"] - 1] if span["start"] else " "
            assert not around.isalnum()
            assert not row["context"][span["end"] : span["end"] + 1].isalnum()


def test_the_question_does_not_contain_its_answer(all_rows):
    for row in all_rows:
        start, end = core(row)
        assert row["context"][start:end].lower() not in row["question"].lower()


CANDIDATES = {  # by patterns of our own, not the grammar's
    "who": r"\b(?:%s) [A-Z]\w+|[A-Z]\w+ family|%s|\b(?:army|navy|coast guard)\b|"
    r"city of (?=[A-Z])|(?:energy group|retail chain) (?=[A-Z])|%s"
    % (
        "|".join((*WORDS["men"], *WORDS["women"])),
        "|".join(WORDS["funds"]),
        "|".join(WORDS["offences"]),
    ),
    "when": r"\b(?:%s)\b|\b(?:1[89]|20)\d\d\b" % "|".join(WORDS["months"]),
    "where": r"\bin (?:the \w+ city of )?(?:%s)\b|\b(?:next to|beside|behind|on|in) (?:the|an) "
    % "|".join((*WORDS["cities"], *WORDS["new_cities"])),
    "how much": r"\d[\d,.]*\d|\d",
    "why": r"\b(?:because|after|thanks to|to [a-z]+|for (?!EUR|USD|GBP|\d)[a-z])",
}


def test_every_answer_has_a_neighbour_of_its_own_kind(all_rows):
    for row in all_rows:
        start, end = core(row)
        elsewhere = f"{row['context'][:start]} … {row['context'][end:]}"
        assert re.search(CANDIDATES[row["kind"]], elsewhere), (row["context"], row["question"])


def test_the_answer_is_of_the_kind_that_the_question_asks_for(all_rows):
    begins = {
        "who": r"(Who|Whom|Whose|To whom|From whom|For whom|On whose|In whose|Which artist)\b",
        "when": r"(When|In which (year|month)|On which day|Since when|From (when on|which year))\b",
        "where": r"(Where|In which city|Which (city|place)|What place|At what place)\b",
        "how much": r"(How|What|For how|By how|By what|From how|At what)\b",
        "why": r"(Why|What)\b",
    }
    shape = {
        "when": r"(\d{1,2} )?(%s)|\d{4}" % "|".join(WORDS["months"]),
        "how much": r"\d[\d,.]*( million| percent)?",
    }
    for row in all_rows:
        assert re.match(begins[row["kind"]], row["question"]), row["question"]
        if row["kind"] in shape:
            start, end = core(row)
            assert re.fullmatch(shape[row["kind"]], row["context"][start:end])


def test_kinds_are_all_well_represented(corpus, plain):
    for level in (corpus, plain):
        shares = Counter(level["train"]["kind"])
        assert min(shares.values()) > 0.08 * len(level["train"])


def test_every_fact_of_every_story_is_asked_for_in_each_of_its_wordings(rows):
    """No wording is dead: each template's fixed words occur among the questions."""
    asked = "\n".join({row["question"] for row in rows})
    for story in reading.STORIES:
        beats = [story.lead, *story.middle, *story.compare, *itertools.chain(*story.asides)]
        for beat in (*beats, *story.background):
            for slot, templates in beat.asked.items():
                assert slot in story.cast, (story.name, slot)
                assert len(templates) >= 3
                for template in templates[1:]:
                    pattern = re.sub(
                        r"\\{.*?\\}", ".+", re.escape(template[0].upper() + template[1:])
                    )
                    assert re.search(f"^{pattern}$", asked, re.MULTILINE), template


# --- Annotators -----------------------------------------------------------------------------------


def test_annotators_mark_each_span_as_often_as_its_probability_says(all_rows):
    """Chi-square over all spans, binned by probability: hits are sums of Bernoulli draws."""
    hits, probabilities = [], []
    for row in all_rows:
        first = (row["answers"]["answer_start"][0], row["answers"]["text"][0])
        for span in row["spans"]:
            probabilities.append(span["probability"])
            hits.append(first == (span["start"], row["context"][span["start"] : span["end"]]))
    hits, probabilities = np.array(hits), np.array(probabilities)
    assert too_small_to_be_chance(hits, probabilities) is False
    # The test would notice another annotator.
    tempered = probabilities**1.15
    assert too_small_to_be_chance(hits, tempered / tempered.mean() * probabilities.mean())


def too_small_to_be_chance(hits, probabilities, bins=30):
    statistic, cells = 0.0, 0
    for part in np.array_split(np.argsort(probabilities, kind="stable"), bins):
        p = probabilities[part]
        variance = (p * (1 - p)).sum()
        if variance > 3:
            statistic += (hits[part].sum() - p.sum()) ** 2 / variance
            cells += 1
    assert cells > 15
    return bool(statistic > cells + 4 * (2 * cells) ** 0.5)


def test_three_annotators_agree_as_often_as_independent_ones_would(corpus, plain):
    agreed, expected, variance = 0.0, 0.0, 0.0
    for split in (corpus["test"], plain["test"]):
        for row in split.to_list():
            one, two = list(zip(*row["answers"].values(), strict=True))[:2]
            p = sum(span["probability"] ** 2 for span in row["spans"])
            agreed, expected, variance = agreed + (one == two), expected + p, variance + p * (1 - p)
    assert abs(agreed - expected) < 4 * variance**0.5


def test_where_annotators_differ_is_a_good_share_of_the_questions(corpus):
    most = np.array([row[0]["probability"] for row in corpus["test"]["spans"]])
    assert 0.6 < most.mean() < 0.9
    assert (most < 0.7).mean() > 0.2


def test_both_ends_are_chosen_independently(rows):
    for row in rows[::20]:
        starts, ends = defaultdict(float), defaultdict(float)
        for span in row["spans"]:
            starts[span["start"]] += span["probability"]
            ends[span["end"]] += span["probability"]
        assert len(row["spans"]) == len(starts) * len(ends)
        for span in row["spans"]:
            assert span["probability"] == pytest.approx(starts[span["start"]] * ends[span["end"]])


def test_the_distribution_over_edges_by_hand():
    # "about EUR 3 million": 0 about, 6 EUR, 10 core … 19.
    phrase = Phrase("money", "3 million", left=(("about ", "hedge"), ("EUR ", "currency")))
    mention = Mention(phrase, ((10, ""), (6, "currency"), (0, "hedge")), ((19, ""),))
    found = {span.start: span.probability for span in spans(mention, "What did it cost?")}
    currency, hedge = SHARES["currency"][0], SHARES["hedge"][0]
    expected = {10: 1 - currency, 6: currency * (1 - hedge), 0: currency * hedge}
    assert found == pytest.approx(expected)


def test_what_the_question_has_said_is_marked_less_often():
    assert taken("prep", "When was it?") > taken("prep", "In which year was it?")
    assert taken("link", "Why was it?") > taken("link", "What caused it?")
    assert taken("unit", "What is the headcount?") > taken("unit", "How many people work there?")
    assert set(itertools.chain(*SHARES.values())) <= set(np.arange(0, 101) / 100)


def test_a_mark_is_always_an_acceptable_answer():
    mention = Mention(Phrase("date", "3 May"), ((3, ""), (0, "prep")), ((8, ""),))
    acceptable = spans(mention, "When was it?")
    assert mark(acceptable, lambda: 0.0) == acceptable[0]
    assert mark(acceptable, lambda: 1 - 1e-16) in acceptable


# --- The English ----------------------------------------------------------------------------------


def test_a_passage_has_sixty_to_250_words_and_at_least_five_sentences(corpus, plain):
    for context in {c for split in corpus.values() for c in split["context"]}:
        assert 60 <= len(context.split()) <= 250
        assert len(re.findall(r'[.?!]"?(?= [A-Z"]|$)', context)) >= 5
    plain_lengths = [len(c.split()) for c in plain["train"]["context"]]
    full_lengths = [len(c.split()) for c in corpus["train"]["context"]]
    assert 30 <= min(plain_lengths)
    assert np.mean(plain_lengths) < 0.75 * np.mean(full_lengths)


def test_text_is_written_as_a_newspaper_would(passages, all_rows):
    flaws = {
        "two spaces, or space at the ends": r"  |^ | $",
        "no capital or quotation mark first": r'^[^A-Z"]',
        "no full stop last": r'[^."]$|[,;:]$',
        "space before punctuation": r" [,;:.?!]",
        "punctuation doubled": r"[,;:.][,;:.]",
        "no space after punctuation": r"[;:]\S|,[A-Za-z]|\.[A-Z]",
        "a left-over of a template": r"[{}<>|()_]|\b(?:MAN|COMPANY|COUNTRY|PRODUCT|[XR])\b",
        "'a' before a vowel": r"\b[Aa] [aeio]",
        "'an' before a consonant": r"\b[Aa]n [^aeiouAEIOU\"]",
        "a word twice": r"\b([A-Za-z]+) \1\b",
        "a sentence that starts small": r'[.?!]"? [a-z]|[.:] "[a-z]',
        "a figure first in a sentence": r"[.?!]\"? \d",
        "two articles, or two prepositions": r"\b(the|a|an) (the|a|an)\b|\bin (in|on|since)\b",
        "a possessive twice": r"'s's|\bit's\b|\bits its\b",
    }
    for flaw, pattern in flaws.items():
        bad = [text for text in passages if re.search(pattern, text)]
        assert not bad, (flaw, bad[0], re.search(pattern, bad[0]))
        if "full stop" not in flaw and "figure" not in flaw:
            bad = [row["question"] for row in all_rows if re.search(pattern, row["question"])]
            assert not bad, (flaw, bad[:3])
    assert not [text for text in passages if text.count('"') % 2]
    assert all(re.fullmatch(r'[A-Z][^.?!"]*("[^"]+"[^.?!"]*)*\?', r["question"]) for r in all_rows)


def test_nobody_is_called_by_surname_or_pronoun_before_being_introduced(passages):
    surnames = "|".join((*WORDS["surnames"], *WORDS["new_surnames"]))
    first = "|".join((*WORDS["men"], *WORDS["women"]))
    for text in passages:
        known = set()
        for name, surname in re.findall(rf"\b(?:({first}) )?({surnames})\b(?! family)", text):
            assert name or surname in known, (surname, text)
            known.add(surname)
        pronoun = re.search(r"\b(?:[Hh]e|[Ss]he|his|her)\b", text)
        named = re.search(rf"\b(?:{first}) [A-Z]", text)
        assert not pronoun or (named and named.start() < pronoun.start()), text


def test_a_pronoun_agrees_with_the_first_name_before_it(passages):
    checked = 0
    for text in passages:
        for pronoun in re.finditer(r"\b([Hh]e|[Ss]he)\b", text):
            surname = re.findall(r"\b(?:Since .*?, )?([A-Z]\w+) (?:has known)", text)
            before = text[: pronoun.start()]
            named = re.findall(rf"(\w+) {surname[0]}\b" if surname else r"(\w+) [A-Z]\w+", before)
            named = [n for n in named if n in WORDS["men"] or n in WORDS["women"]]
            if surname and named:
                checked += 1
                assert (named[0] in WORDS["women"]) == (pronoun[1].lower() == "she"), text
    assert checked > 50


def test_it_and_the_company_follow_a_sentence_about_one_company_only(rows):
    names = "|".join((*WORDS["companies"], *WORDS["new_companies"]))
    for context in {row["context"] for row in rows}:
        sentences = re.split(r'(?<=[.?!]) |(?<=[.]") ', context)
        for before, sentence in itertools.pairwise(sentences):
            if re.match(r"(The (company|group|firm)('s)?|Its) ", sentence):
                named = set(re.findall(rf"\b({names})\b", before))
                assert len(named) <= 1, (before, sentence)


def test_questions_share_more_words_with_the_plain_passages_than_with_the_full_ones(corpus, plain):
    common = set(
        "who when where how much many why what which is are was were did does do will has have "
        "had the a an of in on at to for from by with it its in than be been".split()
    )

    def overlap(split):
        shares = []
        for row in split.to_list():
            asked = set(re.findall(r"[a-z]+", re.sub(r"\b[A-Z]\w+", "", row["question"])))
            asked -= common
            told = set(re.findall(r"[a-z]+", row["context"].lower()))
            shares.append(len(asked & told) / len(asked) if asked else 1.0)
        return np.mean(shares)

    assert overlap(plain["test"]) > 0.75
    assert overlap(corpus["test"]) < 0.5


def test_no_two_sums_of_a_passage_are_alike(passages):
    for text in passages:
        sums = re.findall(r"\d[\d.,]*\d|\d", text)
        sums = [s for s in sums if not re.fullmatch(r"(1[89]|20)\d\d|\d{1,2}", s)]
        assert len(set(sums)) == len(sums), text


def test_the_vocabulary_is_small(rows):
    known = Counter()
    for row in rows:
        known.update(set(re.findall(r"[a-z]+", f"{row['context']} {row['question']}".lower())))
    assert 800 < len(known) < 2_500


# --- The tables -----------------------------------------------------------------------------------


def test_every_slot_of_every_template_is_in_the_cast():
    for story in reading.STORIES:
        beats = [story.lead, *story.middle, *story.compare, *itertools.chain(*story.asides)]
        for beat in (*beats, *story.background):
            questions = itertools.chain(*beat.asked.values())
            for template in (*beat.wordings, beat.plain, *questions):
                for slot in re.findall(r"\{(\w+)", template):
                    assert slot in story.cast, (story.name, slot, template)
            for wording in (*beat.wordings, beat.plain):
                told = re.findall(r"\{(\w+)", wording)
                missing = set(beat.asked) - set(told)
                assert wording != beat.plain or len(beat.wordings) >= 2 or not missing
                if wording in beat.wordings:
                    assert not missing, (story.name, missing, wording)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda story: story.pop("title"), "story 'acquire': title is missing"),
        (lambda story: story.update(leed={}), "story 'acquire': leed is unknown"),
        (lambda story: story.update(title="Y"), "entry title: slot 'Y' is not in the cast"),
        (lambda story: story["lead"].pop("plain"), "entry lead: plain is missing"),
        (lambda story: story["middle"][1].update(said=""), "entry middle 2: said is unknown"),
        (lambda story: story["lead"].update(plain="{x}."), "entry lead: slot 'x' is not in the"),
        (lambda story: story["lead"].update(asked={"x": []}), "entry lead: one asks for slot 'x'"),
        (lambda story: story["lead"].update(wordings="{X}."), "entry lead: wordings is expected"),
        (lambda story: story["cast"].update(site="towns"), "entry cast.site: nothing is known"),
        (lambda story: story["cast"].update(why="reason bye"), "entry cast.why: 'bye' is not in"),
        (lambda story: story.update(shared_cast="town"), "entry shared_cast: there is no cast"),
        (lambda story: story.update(background=["x"]), "entry background: there is no beat 'x'"),
        (lambda story: story["asides"][0].update(x=[]), "entry asides 1: one of beats, chief"),
        (lambda story: story["asides"][1].update(analyst=["a"]), "entry asides 2: SAID, ASKED"),
        (lambda story: story.update(left_out=["R", "Q"]), "entry left_out: slot 'Q'"),
        (
            lambda story: story.update(left_out=["owner"]),
            "shared.toml.*entry beats.owner: one asks",
        ),
    ],
)
def test_what_is_wrong_in_a_story_is_named(change, message):
    written = copy.deepcopy(read("stories/acquire"))
    change(written)
    with pytest.raises(ValueError, match=message) as caught:
        make_story("acquire", written, read("stories/shared"))
    assert re.match(r"words/stories/(acquire|shared)\.toml, story 'acquire'", str(caught.value))


def test_every_story_has_a_file_and_every_file_is_a_story():
    folder = Path(reading.__file__).parent / "words" / "stories"
    files = {path.stem for path in folder.glob("*.toml")}
    assert files == {"shared", *(story.name for story in reading.STORIES)}


def test_every_kind_of_phrase_answers_one_kind_of_question():
    assert set(KINDS.values()) == set(reading.KINDS)


FULL = "c581b95936fe0376de039ac62be3fc784177593ebdbb092001df754a1569d9ff"
PLAIN = "cbde4ed30cd1283c72af5fc46673f73ab772bead4c23a92e713d11e63bfaba26"


def test_one_who_changes_a_splits_format_changes_nobody_elses():
    sizes = {name: 2 for name in reading.SIZES}
    reading.load(sizes=sizes)["train"].set_format("numpy")
    assert reading.load(sizes=sizes)["train"].format["type"] is None


def test_fresh_test_rows_leave_the_other_splits_as_they_are():
    sizes = {name: 20 for name in reading.SIZES}
    own, other = (reading.load(seed, sizes=sizes) for seed in (0, 7))
    mixed = reading.load(0, sizes=sizes, test_seed=7)
    assert list(mixed) == list(own)
    for name in own:
        source = other if name.startswith("test") else own
        assert mixed[name]["question"] == source[name]["question"], name
    with pytest.raises(ValueError, match="test_seed"):
        reading.load(0, sizes=sizes, test_seed=-1)
