"""Lesson 09 under other conventions: how layers are counted, and what is summed or averaged."""

# ruff: noqa: F811  (a lesson has several variants of one function, and each bears its name)
from __future__ import annotations

import torch
import torch.nn.functional as F

from kd_course.exercises.variants import Collection, slip_table
from kd_course.lessons.lesson09 import cases, slips

variant = Collection()

# -- 09.1 the layer map -----------------------------------------------------------------------


def _map_slips(place, *, first=1):
    """Wrong maps of a convention. place(k, student's layers, teacher's layers), k from `first`."""

    def turned(student_layers, teacher_layers):
        layers = range(student_layers, first - 1, -1)
        return [place(k, student_layers, teacher_layers) for k in layers]

    def lowest(student_layers, teacher_layers):
        return [place(k, student_layers, student_layers) for k in range(first, student_layers + 1)]

    def shifted(student_layers, teacher_layers):
        layers = range(first, student_layers + 1)
        return [place(k, student_layers, teacher_layers) - 1 for k in layers]

    return slip_table(
        "09.1",
        {
            "the map runs from top to bottom": turned,
            "the teacher's first layers are taken": lowest,
            "every place is one too low": (
                shifted,
                "Where should the student's last layer end up?",
            ),
        },
    )


_SPREAD = (
    "For every layer of the student, from the bottom, return the index in the teacher's "
    "`hidden_states` that it is compared with. Spread them evenly: of s layers, the k-th has come "
    "k/s of the way, and so should the teacher's have. The last is compared with the last."
)


@variant(
    "09.1",
    "between two layers, the next one is taken",
    instead="between two layers, the one that has been passed is taken",
    statement=f"""
    {_SPREAD} Between two layers, take the **next** one, which has not been reached yet. The
    embeddings are matched with nothing.
    """,
    slips=_map_slips(lambda k, s, t: -(-k * t // s)),
    hint="Divide the depth evenly, in whole numbers, and round up.",
)
def layer_map(student_layers, teacher_layers):
    """The index in the teacher's hidden_states for every layer of the student, rounded up."""
    ### BEGIN SOLUTION
    return [-(-k * teacher_layers // student_layers) for k in range(1, student_layers + 1)]
    ### END SOLUTION


@variant(
    "09.1",
    "the index is one in `attentions`",
    instead="the index is one in `hidden_states`",
    statement="""
    For every layer of the student, from the bottom, return the index in the teacher's
    **`attentions`** that its map is compared with: there is no entry for the embeddings, and the
    first layer has index 0. Spread the layers evenly: of s layers, the k-th has come k/s of the
    way, and so should the teacher's have; between two layers, take the one that has been passed.
    The last is compared with the last.
    """,
    slips=_map_slips(lambda k, s, t: k * t // s - 1),
    hint="Which index has the last layer's map? Then divide the depth evenly, in whole numbers.",
)
def layer_map(student_layers, teacher_layers):
    """The index in the teacher's attentions for every layer of the student."""
    ### BEGIN SOLUTION
    return [k * teacher_layers // student_layers - 1 for k in range(1, student_layers + 1)]
    ### END SOLUTION


@variant(
    "09.1",
    "the embeddings are compared as well",
    instead="the embeddings are matched with nothing",
    statement=f"""
    {_SPREAD} Between two layers, take the one that has been passed. The **embeddings come first**
    in the list: the student's are compared with the teacher's, so the list has one entry more than
    the student has layers.
    """,
    slips=_map_slips(lambda k, s, t: k * t // s, first=0),
)
def layer_map(student_layers, teacher_layers):
    """The index in the teacher's hidden_states for the student's embeddings and every layer."""
    ### BEGIN SOLUTION
    return [k * teacher_layers // student_layers for k in range(student_layers + 1)]
    ### END SOLUTION


# -- 09.2 hidden states -----------------------------------------------------------------------

_PADDING = (
    "`student` and `teacher` are (batch, length, width); `weight`, (d, width), maps the student's "
    "vectors onto the teacher's width, and is None where the widths are equal. What stands in the "
    "padding, NaN and infinity included, has no say, in the value or in a gradient. Gradients flow "
    "to the student and to `weight`, and none to the teacher. Where no token counts, the loss is 0."
)


def _summed(own, wanted):
    return (own - wanted).square().sum(-1)


def _at_length_one(own, wanted):
    return _summed(F.normalize(own, dim=-1), F.normalize(wanted, dim=-1))


def _hidden_slips(cost):
    return slip_table(
        "09.2",
        {
            "padding counts as text": slips.with_padding(cost),
            "padding adds nothing, but is in the divisor": slips.with_padding(
                cost, divisor_only=True
            ),
            "the teacher is projected, not the student": slips.with_teacher_projected(cost),
            "the teacher gets a gradient": slips.with_teacher_taught(cost),
        },
    )


@variant(
    "09.2",
    "squares are summed over a vector's numbers",
    instead="squares are averaged over a vector's numbers",
    statement=f"""
    {_PADDING} Return the mean over tokens of |W h − t|²: the squares are **summed** over the
    numbers of a vector, not averaged.
    """,
    slips=_hidden_slips(_summed),
)
def hidden_loss(student, teacher, mask, weight):
    """The mean over tokens of the summed squared distance: a scalar."""
    ### BEGIN SOLUTION
    own, wanted = student[mask], teacher.detach()[mask]
    if weight is not None:
        own = own @ weight.T
    per_token = (own - wanted).square().sum(-1)
    return per_token.sum() / max(len(per_token), 1)
    ### END SOLUTION


@variant(
    "09.2",
    "both vectors are brought to length one, and squares are summed",
    instead="vectors keep their length, and squares are averaged",
    statement=f"""
    {_PADDING} As in Patient KD, bring the projected student's and the teacher's vector to **length
    one** first. Return the mean over tokens of the squared distance, **summed** over the numbers.
    """,
    slips=_hidden_slips(_at_length_one),
)
def hidden_loss(student, teacher, mask, weight):
    """The mean over tokens of the squared distance of vectors of length one: a scalar."""
    ### BEGIN SOLUTION
    own, wanted = student[mask], teacher.detach()[mask]
    if weight is not None:
        own = own @ weight.T
    own, wanted = F.normalize(own, dim=-1), F.normalize(wanted, dim=-1)
    per_token = (own - wanted).square().sum(-1)
    return per_token.sum() / max(len(per_token), 1)
    ### END SOLUTION


def _distance(own, wanted):
    return (own - wanted).abs().mean(-1)


@variant(
    "09.2",
    "the distance is not squared",
    instead="the distance is squared",
    statement=f"""
    {_PADDING} Return the mean over tokens of the mean **absolute** difference of the numbers of
    W h and t, not squared.
    """,
    slips=_hidden_slips(_distance),
)
def hidden_loss(student, teacher, mask, weight):
    """The mean over tokens of the mean absolute difference: a scalar."""
    ### BEGIN SOLUTION
    own, wanted = student[mask], teacher.detach()[mask]
    if weight is not None:
        own = own @ weight.T
    per_token = (own - wanted).abs().mean(-1)
    return per_token.sum() / max(len(per_token), 1)
    ### END SOLUTION


# -- 09.4 attention ---------------------------------------------------------------------------


def _maps(first="teacher"):
    """What all variants of 09.4 have in common. first: whose probability stands in front."""
    return (
        "`student` and `teacher` are tuples as transformers returns them, a map a layer, with "
        "equally many layers and heads; `mask` says which looking tokens count. Where the "
        f"{first} gives a token nothing, the term is 0. Padded tokens are given nothing by those "
        "that count. Gradients flow to the student, none to the teacher, and they are finite "
        "where a map holds 0. Where one of the tuples is empty, raise a `ValueError`."
    )


def _terms_of(s, t):
    return slips._terms(t, s).sum(-1)


def _terms_turned(s, t):
    return slips._terms(s, t).sum(-1)


def _cases_turned(random):
    return cases.attention_cases(random, turned=True)


def _mean_of_tokens(kl, mask):
    return (kl * mask[:, None]).sum() / (kl.shape[1] * mask.sum())


def _heads_summed(kl, mask):
    return (kl * mask[:, None]).sum() / mask.sum()


def _attention_slips(divergence=_terms_of, mean=_mean_of_tokens, layers=None, *, all_rows=None):
    """The course's own slips, under a convention of attention_with."""
    convention = {"divergence": divergence, "mean": mean}
    convention |= {} if layers is None else {"layers": layers}

    def one(**slip):
        return slips.attention_with(**{**convention, **slip})

    def last(found):
        return found[-1]

    return slip_table(
        "09.4",
        {
            "an empty tuple gives a loss of 0": one(empty=lambda: torch.tensor(0.0)),
            "padded tokens look, too": one(mean=all_rows or (lambda kl, mask: kl.mean())),
            "only the last layer is compared": one(layers=last),
            "this is the mean squared difference": one(divergence=slips.squares),
        },
    )


@variant(
    "09.4",
    "layers are summed",
    instead="the mean is taken over layers",
    statement=f"""
    {_maps()} Take the mean of KL(teacher ‖ student) over heads and the looking tokens that count, and
    return the **sum** over layers.
    """,
    slips=_attention_slips(layers=sum),
    hint="Write the KL of one row first. Then decide which rows count, average over heads and those, and add up the layers.",
)
def attention_loss(student, teacher, mask):
    """The mean KL between rows of attention, summed over layers, in nats: a scalar."""
    ### BEGIN SOLUTION
    if not student or not teacher:
        raise ValueError("no attention was returned: set_attn_implementation('eager')")
    total = 0.0
    for s, t in zip(student, teacher):
        t = t.detach()
        log_ratio = t.clamp(min=1e-38).log() - s.clamp(min=1e-38).log()
        total = total + (t * log_ratio).sum(-1).transpose(1, 2)[mask].mean()
    return total
    ### END SOLUTION


@variant(
    "09.4",
    "KL(student ‖ teacher)",
    instead="KL(teacher ‖ student)",
    statement=f"""
    {_maps("student")} Return the mean of **KL(student ‖ teacher)** over layers, heads and the
    looking tokens that count: the student's probability stands in front.
    """,
    slips=_attention_slips(divergence=_terms_turned),
    cases=_cases_turned,
)
def attention_loss(student, teacher, mask):
    """The mean KL(student ‖ teacher) between rows of attention, in nats: a scalar."""
    ### BEGIN SOLUTION
    if not student or not teacher:
        raise ValueError("no attention was returned: set_attn_implementation('eager')")
    means = []
    for s, t in zip(student, teacher):
        t = t.detach()
        log_ratio = s.clamp(min=1e-38).log() - t.clamp(min=1e-38).log()
        means.append((s * log_ratio).sum(-1).transpose(1, 2)[mask].mean())
    return torch.stack(means).mean()
    ### END SOLUTION


@variant(
    "09.4",
    "heads are summed",
    instead="the mean is taken over heads",
    statement=f"""
    {_maps()} Return the mean of KL(teacher ‖ student) over layers and the looking tokens that count,
    where the KL of a looking token is the **sum** over its heads.
    """,
    slips=_attention_slips(mean=_heads_summed, all_rows=lambda kl, mask: kl.sum(1).mean()),
    hint="Write the KL of one row first. Then add up the heads, decide which rows count, and average over layers and those.",
)
def attention_loss(student, teacher, mask):
    """The mean KL between rows of attention, summed over heads, in nats: a scalar."""
    ### BEGIN SOLUTION
    if not student or not teacher:
        raise ValueError("no attention was returned: set_attn_implementation('eager')")
    means = []
    for s, t in zip(student, teacher):
        t = t.detach()
        log_ratio = t.clamp(min=1e-38).log() - s.clamp(min=1e-38).log()
        means.append((t * log_ratio).sum((1, -1))[mask].mean())
    return torch.stack(means).mean()
    ### END SOLUTION


# -- 09.5 relations ---------------------------------------------------------------------------

_RELATIONS = (
    "Cut both models' vectors into `heads` relation heads; a head is a stretch of a token's own "
    "numbers. A row of relations is the softmax of X Xᵀ / √d, where d is the width of one relation "
    "head, over the tokens that count. Padding, NaN and infinity included, has no say in value or "
    "gradient. Gradients flow to the student, none to the teacher."
)


def _over_tokens(kl, mask, heads):
    return (kl * mask[:, None]).sum() / (kl.shape[1] * mask.sum().clamp(min=1))


def _over_tokens_summed(kl, mask, heads):
    return (kl * mask[:, None]).sum() / mask.sum().clamp(min=1)


def _over_texts(kl, mask, heads):
    per_text = (kl * mask[:, None]).sum((1, 2)) / (kl.shape[1] * mask.sum(-1).clamp(min=1))
    return per_text.sum() / mask.any(-1).sum().clamp(min=1)


def _relation_slips(**convention):
    """The course's own slips, under a convention of relations_with."""

    def one(**slip):
        return slips.relations_with(**{**convention, **slip})

    return slip_table(
        "09.5",
        {
            "the cut mixes neighbouring tokens": one(split=slips.wrong_view),
            "not divided by √d": one(scale=lambda vectors, heads: 1.0),
            "padding may be resembled": one(keys=False),
            "the teacher gets a gradient": one(detached=False),
        },
    )


@variant(
    "09.5",
    "heads are summed",
    instead="the mean is taken over heads",
    statement=f"""
    {_RELATIONS} Return the mean over the tokens that count of KL(teacher ‖ student), **summed**
    over the relation heads.
    """,
    slips=_relation_slips(rows=_over_tokens_summed),
)
def relation_loss(student, teacher, mask, heads):
    """The mean KL(teacher ‖ student) between rows of relations, summed over heads: a scalar."""

    ### BEGIN SOLUTION
    def log_relations(vectors):
        batch, length, width = vectors.shape
        vectors = torch.where(mask[..., None], vectors, 0.0)
        split = vectors.reshape(batch, length, heads, width // heads).transpose(1, 2)
        scores = split @ split.transpose(-1, -2) / (width // heads) ** 0.5
        scores = torch.where(mask[:, None, None], scores, -1e30)
        return scores.transpose(1, 2)[mask].log_softmax(-1)  # (tokens, heads, length)

    log_q, log_p = log_relations(student), log_relations(teacher.detach())
    kl = (log_p.exp() * (log_p - log_q)).sum((1, 2))
    return kl.sum() / max(len(kl), 1)
    ### END SOLUTION


@variant(
    "09.5",
    "KL(student ‖ teacher)",
    instead="KL(teacher ‖ student)",
    statement=f"""
    {_RELATIONS} Return the mean of **KL(student ‖ teacher)** over heads and over the tokens that
    count: the student's relation stands in front.
    """,
    slips=_relation_slips(turned=True),
)
def relation_loss(student, teacher, mask, heads):
    """The mean KL(student ‖ teacher) between rows of relations, in nats: a scalar."""

    ### BEGIN SOLUTION
    def log_relations(vectors):
        batch, length, width = vectors.shape
        vectors = torch.where(mask[..., None], vectors, 0.0)
        split = vectors.reshape(batch, length, heads, width // heads).transpose(1, 2)
        scores = split @ split.transpose(-1, -2) / (width // heads) ** 0.5
        scores = torch.where(mask[:, None, None], scores, -1e30)
        return scores.transpose(1, 2)[mask].log_softmax(-1)  # (tokens, heads, length)

    log_q, log_p = log_relations(student), log_relations(teacher.detach())
    kl = (log_q.exp() * (log_q - log_p)).sum(-1)
    return kl.sum() / max(kl.numel(), 1)
    ### END SOLUTION


@variant(
    "09.5",
    "every text weighs the same, however long it is",
    instead="every token weighs the same",
    statement=f"""
    {_RELATIONS} Take the mean of KL(teacher ‖ student) over heads and tokens **of each text by
    itself**, and return the mean of these over the texts of the batch. A text without any token
    that counts is left out.
    """,
    slips=_relation_slips(rows=_over_texts),
)
def relation_loss(student, teacher, mask, heads):
    """The mean over texts of each text's mean KL between rows of relations: a scalar."""

    ### BEGIN SOLUTION
    def log_relations(vectors):
        batch, length, width = vectors.shape
        vectors = torch.where(mask[..., None], vectors, 0.0)
        split = vectors.reshape(batch, length, heads, width // heads).transpose(1, 2)
        scores = split @ split.transpose(-1, -2) / (width // heads) ** 0.5
        return torch.where(mask[:, None, None], scores, -1e30).log_softmax(-1)

    log_q, log_p = log_relations(student), log_relations(teacher.detach())
    kl = (log_p.exp() * (log_p - log_q)).sum(-1).mean(1)  # (batch, length)
    of_text = [row[kept].mean() for row, kept in zip(kl, mask) if kept.any()]
    return torch.stack(of_text).mean() if of_text else kl.sum() * 0.0
    ### END SOLUTION


# -- 09.6 contrastive -------------------------------------------------------------------------

_TEXTS = (
    "`student` and `teacher` are (batch, width), `ids` says which text a row is of. Compare with "
    "cosines, divided by the temperature. Gradients flow to the student, none to the teacher."
)


def _contrastive_slips(**convention):
    """The course's own slips, under a convention of contrastive_with."""

    def one(**slip):
        return slips.contrastive_with(**{**convention, **slip})

    return slip_table(
        "09.6",
        {
            "the right answer is row 0 for everybody": one(
                own=lambda rows: torch.zeros(rows, dtype=torch.long)
            ),
            "vectors keep their length": one(normalise=lambda vectors: vectors),
            "the temperature is left out": one(divided=lambda cos, temperature: cos),
            "multiplied by the temperature": one(
                divided=lambda cos, temperature: cos * temperature
            ),
            "rows are summed": one(mean=torch.sum),
            "the teacher gets a gradient": one(detached=False),
        },
    )


@variant(
    "09.6",
    "the teacher's vector looks for its student's",
    instead="the student's vector looks for its teacher's",
    statement=f"""
    {_TEXTS} The classification goes the **other way**: the softmax of row i runs over the
    **student's** vectors, and asks which of them belongs to the teacher's vector i. Rows with the
    same id as row i are left out, apart from row i itself. Return the mean over rows.
    """,
    slips=_contrastive_slips(turned=True),
)
def contrastive_loss(student, teacher, ids, temperature):
    """How hard it is to tell which student's vector belongs to a teacher's, in nats: a scalar."""
    ### BEGIN SOLUTION
    cosines = F.normalize(teacher.detach(), dim=-1) @ F.normalize(student, dim=-1).T
    own = torch.arange(len(ids))
    same_text = (ids[:, None] == ids[None]) & (own[:, None] != own[None])
    return F.cross_entropy(torch.where(same_text, -1e30, cosines / temperature), own)
    ### END SOLUTION


@variant(
    "09.6",
    "every other row is a wrong answer",
    instead="rows of the same text are no wrong answers",
    statement=f"""
    {_TEXTS} **Every** other row is a wrong answer, rows of the same text included: `ids` is not
    looked at. Return the mean over rows.
    """,
    slips=_contrastive_slips(masked=False),
)
def contrastive_loss(student, teacher, ids, temperature):
    """How hard it is to tell whose vector it is, of all rows, in nats: a scalar."""
    ### BEGIN SOLUTION
    cosines = F.normalize(student, dim=-1) @ F.normalize(teacher.detach(), dim=-1).T
    return F.cross_entropy(cosines / temperature, torch.arange(len(ids)))
    ### END SOLUTION


@variant(
    "09.6",
    "rows are summed",
    instead="the mean is taken over rows",
    statement=f"""
    {_TEXTS} The softmax of row i runs over the teacher's vectors; rows with the same id as row i
    are left out, apart from row i itself. Return the **sum** over rows.
    """,
    slips=tuple(
        slip
        for slip in _contrastive_slips(mean=torch.sum)
        if slip.name != "rows are summed"  # which is what is asked for
    ),
)
def contrastive_loss(student, teacher, ids, temperature):
    """How hard it is to tell whose vector it is, summed over rows, in nats: a scalar."""
    ### BEGIN SOLUTION
    cosines = F.normalize(student, dim=-1) @ F.normalize(teacher.detach(), dim=-1).T
    own = torch.arange(len(ids))
    same_text = (ids[:, None] == ids[None]) & (own[:, None] != own[None])
    scores = torch.where(same_text, -1e30, cosines / temperature)
    return F.cross_entropy(scores, own, reduction="sum")
    ### END SOLUTION


VARIANTS = tuple(variant)
