"""The losses that look inside are what the papers say, and what transformers gives fits into them.

Expected values come from NumPy in float64, written out here token by token, not from the package.
"""

import math

import numpy as np
import pytest
import torch
from scipy.special import log_softmax, softmax
from tiny_models import bert
from torch import nn
from torch.autograd import gradcheck

from kd_course.losses import attention_loss, contrastive_loss, hidden_state_loss, relation_loss

MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [1, 1, 1, 0, 0]], dtype=bool)
EXACTLY = {"rtol": 1e-12, "atol": 1e-12}


def normal(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape))


@pytest.fixture
def states():
    """Student 4 wide, teacher 6 wide, and W between them."""
    return normal(3, 5, 4, seed=1), normal(3, 5, 6, seed=2), normal(6, 4, seed=3)


@pytest.fixture
def maps():
    """Attention over the tokens that count, two heads; zero in the padding."""
    lowest = np.where(MASK[:, None, None, :], 0.0, -np.inf)
    return tuple(
        torch.from_numpy(softmax(normal(3, 2, 5, 5, seed=seed).numpy() * 2 + lowest, axis=-1))
        for seed in (4, 5)
    )


mask = torch.from_numpy(MASK)


def linear(weight):
    layer = nn.Linear(weight.shape[1], weight.shape[0], bias=False, dtype=weight.dtype)
    with torch.no_grad():
        layer.weight.copy_(weight)
    return layer


# -- the formulas -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["mse", "cosine"])
def test_the_hidden_state_loss_is_a_mean_over_tokens(states, kind):
    student, teacher, weight = (value.numpy() for value in states)
    costs = []
    for row, token in zip(*np.nonzero(MASK), strict=True):
        own, wanted = weight @ student[row, token], teacher[row, token]
        if kind == "mse":
            costs.append(((own - wanted) ** 2).sum() / 6)
        else:
            own, wanted = own / np.linalg.norm(own), wanted / np.linalg.norm(wanted)
            costs.append(1 - own @ wanted)
            assert costs[-1] == pytest.approx(((own - wanted) ** 2).sum() / 2)  # Patient KD's
    found = hidden_state_loss(
        states[0], states[1], mask=mask, projection=linear(states[2]), kind=kind
    )
    assert found.item() == pytest.approx(np.mean(costs), rel=1e-12)


def test_a_vector_a_row_is_compared_like_a_token(states):
    student, teacher = states[1][:, 0], states[1][:, 1]
    expected = ((student - teacher).numpy() ** 2).mean()
    assert hidden_state_loss(student, teacher).item() == pytest.approx(expected, rel=1e-12)
    second = hidden_state_loss(student, teacher, mask=torch.tensor([False, True, False])).item()
    assert second == pytest.approx(((student[1] - teacher[1]).numpy() ** 2).mean(), rel=1e-12)


def test_the_attention_loss_is_the_kl_of_every_looking_token(maps):
    student, teacher = (values.numpy() for values in maps)
    costs = []
    for row, token in zip(*np.nonzero(MASK), strict=True):
        for head in range(2):
            p, q = (a[row, head, token][MASK[row]] for a in (teacher, student))
            costs.append((p * np.log(p / q)).sum())
    found = attention_loss(*maps, mask=mask)
    assert found.item() == pytest.approx(np.mean(costs), rel=1e-12)


def numpy_relations(vectors, heads):
    """log R of one row's tokens, (heads, tokens, tokens): log softmax(x xᵀ / √d)."""
    width = vectors.shape[-1] // heads
    found = []
    for head in range(heads):
        part = vectors[:, head * width : (head + 1) * width]
        found.append(log_softmax(part @ part.T / math.sqrt(width), axis=-1))
    return np.stack(found)


@pytest.mark.parametrize("heads", [1, 2])
def test_the_relation_loss_cuts_both_widths_into_the_same_heads(states, heads):
    costs = []
    for row in range(3):
        log_q, log_p = (numpy_relations(states[i][row].numpy()[MASK[row]], heads) for i in range(2))
        costs.append((np.exp(log_p) * (log_p - log_q)).sum(-1).ravel())
    found = relation_loss(states[0], states[1], mask=mask, heads=heads)
    assert found.item() == pytest.approx(np.concatenate(costs).mean(), rel=1e-12)


def numpy_contrastive(student, teacher, temperature, ids=None, counts=None):
    costs = []
    rows = range(len(student)) if counts is None else np.flatnonzero(counts)
    for i in rows:
        others = [j for j in rows if j == i or ids is None or ids[j] != ids[i]]
        cos = [
            student[i] @ teacher[j] / np.linalg.norm(student[i]) / np.linalg.norm(teacher[j])
            for j in others
        ]
        log_p = log_softmax(np.array(cos) / temperature)
        costs.append(-log_p[others.index(i)])
    return np.mean(costs)


@pytest.mark.parametrize("temperature", [0.05, 1.0])
@pytest.mark.parametrize("ids", [None, [0, 1, 0, 2, 1, 0]])
@pytest.mark.parametrize("counts", [None, [1, 1, 0, 1, 1, 1]])
def test_the_contrastive_loss_tells_a_row_from_other_texts(temperature, ids, counts):
    student, teacher, weight = normal(6, 4, seed=1), normal(6, 5, seed=2), normal(5, 4, seed=3)
    expected = numpy_contrastive(
        student.numpy() @ weight.numpy().T, teacher.numpy(), temperature, ids, counts
    )
    found = contrastive_loss(
        student,
        teacher,
        temperature=temperature,
        ids=None if ids is None else torch.tensor(ids),
        mask=None if counts is None else torch.tensor(counts),
        projection=linear(weight),
    )
    assert found.item() == pytest.approx(expected, rel=1e-12)


def test_every_loss_is_nothing_where_the_student_has_what_the_teacher_has(states, maps):
    own = states[1]
    for loss in (
        hidden_state_loss(own, own, mask=mask),
        hidden_state_loss(own, own * 3, mask=mask, kind="cosine"),
        attention_loss(maps[0], maps[0], mask=mask),
        relation_loss(own, own, mask=mask, heads=3),
    ):
        assert loss.item() == pytest.approx(0, abs=1e-12)
    turned = torch.linalg.qr(normal(6, 6, seed=9))[0]
    assert relation_loss(own @ turned, own, heads=1).item() == pytest.approx(0, abs=1e-12)
    same = contrastive_loss(own[:, 0], own[:, 0], ids=torch.tensor([5, 5, 5]))
    assert same.item() == 0  # no row of another text: nothing to tell it from


# -- gradients --------------------------------------------------------------------------------


def losses_of(student, teacher, projection):
    """Every loss of the same vectors, as functions of the student's."""
    return {
        "hidden": lambda: hidden_state_loss(student, teacher, mask=mask, projection=projection),
        "cosine": lambda: hidden_state_loss(
            student, teacher, mask=mask, projection=projection, kind="cosine"
        ),
        "relation": lambda: relation_loss(student, teacher, mask=mask, heads=2),
        "contrastive": lambda: contrastive_loss(
            student[:, 0], teacher[:, 0], ids=torch.tensor([0, 1, 0]), projection=projection
        ),
    }


@pytest.mark.parametrize("name", ["hidden", "cosine", "relation", "contrastive"])
def test_gradients_reach_the_student_and_its_projection_but_never_the_teacher(states, name):
    student, teacher, weight = (value.clone().requires_grad_() for value in states)
    projection = linear(weight.detach())
    loss = losses_of(student, teacher, projection)[name]
    assert gradcheck(lambda s: losses_of(s, teacher, projection)[name](), (student,))
    loss().backward()
    assert student.grad.abs().sum() > 0
    assert teacher.grad is None
    if name != "relation":
        assert projection.weight.grad.abs().sum() > 0


def test_attention_has_its_gradient(maps):
    scores = maps[0].log().clamp(min=-50).requires_grad_()
    lowest = torch.where(mask[:, None, None, :], 0.0, -math.inf)
    teacher = maps[1].clone().requires_grad_()
    loss = lambda s: attention_loss((s + lowest).softmax(-1), teacher, mask=mask)  # noqa: E731
    assert gradcheck(loss, (scores,))
    loss(scores).backward()
    assert teacher.grad is None and scores.grad.isfinite().all()


@pytest.mark.parametrize("rubbish", [1e4, math.inf, math.nan])
@pytest.mark.parametrize("name", ["hidden", "cosine", "relation"])
def test_padding_has_no_say_in_value_or_gradient(states, name, rubbish):
    projection = linear(states[2])
    clean = losses_of(states[0], states[1], projection)[name]()
    student, teacher = (
        torch.where(mask[..., None], value, rubbish).requires_grad_() for value in states[:2]
    )
    dirty = losses_of(student, teacher, projection)[name]()
    torch.testing.assert_close(dirty, clean, **EXACTLY)
    dirty.backward()
    assert student.grad.isfinite().all() and (student.grad[~mask] == 0).all()
    if projection.weight.grad is not None:
        assert projection.weight.grad.isfinite().all()
    longer = [torch.cat([value, value], dim=1) for value in states[:2]]
    twice = torch.cat([mask, torch.zeros_like(mask)], dim=1)
    if name == "hidden":
        padded = hidden_state_loss(*longer, mask=twice, projection=projection)
        torch.testing.assert_close(padded, clean, **EXACTLY)
    if name == "relation":
        padded = relation_loss(*longer, mask=twice, heads=2)
        torch.testing.assert_close(padded, clean, **EXACTLY)


@pytest.mark.parametrize("rubbish", [0.3, math.nan])
def test_attention_of_padding_has_no_say(maps, rubbish):
    clean = attention_loss(*maps, mask=mask)
    looking = mask[:, None, :, None]
    dirty = [torch.where(looking, values, rubbish).requires_grad_() for values in maps]
    loss = attention_loss(*dirty, mask=mask)
    torch.testing.assert_close(loss, clean, **EXACTLY)
    loss.backward()
    assert dirty[0].grad.isfinite().all()


def test_a_batch_of_padding_alone_counts_as_nothing(states, maps):
    nothing = torch.zeros_like(mask)
    own = states[1].clone().requires_grad_()
    for loss in (
        hidden_state_loss(own, states[1], mask=nothing),
        relation_loss(own, states[1], mask=nothing, heads=2),
        contrastive_loss(own[:, 0], states[1][:, 0], mask=nothing[:, 0]),
    ):
        assert loss.item() == 0
        loss.backward()
    assert attention_loss(*maps, mask=nothing).item() == 0
    assert (own.grad == 0).all()


def test_a_key_that_the_student_gives_nothing_is_dear_but_finite():
    student = torch.tensor([[[[1.0, 0.0], [0.5, 0.5]]]], requires_grad=True)
    teacher = torch.full((1, 1, 2, 2), 0.5)
    loss = attention_loss(student, teacher)
    assert 10 < loss.item() < 50
    loss.backward()
    assert student.grad.isfinite().all()


# -- precision --------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_losses_are_computed_in_full_precision(states, maps, dtype):
    own, teacher = states[1].to(dtype), (states[1] + 0.5).to(dtype)
    for loss in (
        hidden_state_loss(own, teacher, mask=mask),
        relation_loss(own, teacher, mask=mask, heads=2),
        contrastive_loss(own[:, 0], teacher[:, 0]),
        attention_loss(maps[0].to(dtype), maps[1].to(dtype), mask=mask),
    ):
        assert loss.dtype == torch.float32 and loss.isfinite()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_under_autocast_losses_and_gradients_are_those_without_it(states, maps, dtype):
    def found(mixed):
        own = states[1].to(dtype).requires_grad_()
        teacher, half = (states[1] + 0.5).to(dtype), torch.bfloat16
        with torch.autocast("cpu", dtype=half, enabled=mixed):
            losses = [
                hidden_state_loss(own, teacher, mask=mask),
                hidden_state_loss(own, teacher, mask=mask, kind="cosine"),
                relation_loss(own, teacher, mask=mask, heads=2),
                contrastive_loss(own[:, 0], teacher[:, 0]),
                attention_loss(maps[0].to(dtype), maps[1].to(dtype), mask=mask),
            ]
        return losses, [torch.autograd.grad(loss, own, retain_graph=True)[0] for loss in losses[:4]]

    for with_it, without in zip(found(True), found(False), strict=True):
        for a, b in zip(with_it, without, strict=True):
            assert a.dtype == dtype and torch.equal(a, b)


# -- what is refused --------------------------------------------------------------------------


def test_widths_that_differ_need_a_projection(states):
    with pytest.raises(ValueError, match="4: without a projection both must be of one width"):
        hidden_state_loss(states[0], states[1], mask=mask)
    with pytest.raises(ValueError, match="onto the teacher's 6 numbers, but they have 5"):
        hidden_state_loss(
            states[0], states[1], mask=mask, projection=nn.Linear(4, 5, dtype=torch.float64)
        )


def test_other_tokens_kinds_and_masks_are_refused(states):
    with pytest.raises(ValueError, match='"mse" or "cosine", but is \'l1\''):
        hidden_state_loss(states[1], states[1], kind="l1")
    with pytest.raises(ValueError, match=r"vectors of the same tokens.*\(3, 4, 6\)"):
        hidden_state_loss(states[1], states[1][:, 1:])
    with pytest.raises(ValueError, match=r"mask must have.*\(3, 5\).*\(3, 4\)"):
        hidden_state_loss(states[1], states[1], mask=mask[:, 1:])
    with pytest.raises(ValueError, match="heads must divide both widths.*student_vectors is 4"):
        relation_loss(states[0], states[1], heads=3)
    with pytest.raises(ValueError, match="same rows and tokens"):
        relation_loss(states[0][:2], states[1], heads=2)
    with pytest.raises(ValueError, match="a vector a row"):
        contrastive_loss(states[0], states[1])
    with pytest.raises(ValueError, match="temperature must be a positive"):
        contrastive_loss(states[1][:, 0], states[1][:, 0], temperature=0.0)
    with pytest.raises(ValueError, match=r"ids must be one whole number a row, shape \(3,\)"):
        contrastive_loss(states[1][:, 0], states[1][:, 0], ids=torch.tensor([0.0, 1.0, 2.0]))


def test_other_heads_are_refused_with_the_way_on(maps):
    with pytest.raises(ValueError, match="head is compared with head .relation_loss splits"):
        attention_loss(maps[0][:, :1], maps[1], mask=mask)


# -- what transformers gives ------------------------------------------------------------------


def inputs():
    ids = torch.randint(5, 100, (3, 5), generator=torch.Generator().manual_seed(0))
    return {"input_ids": ids.masked_fill(~mask, 0), "attention_mask": mask.long()}


def test_without_eager_transformers_returns_no_attention_and_that_is_refused():
    student, teacher = bert(0), bert(1)
    found = student(**inputs(), output_attentions=True).attentions
    assert found == ()  # no error, no warning: a sum of losses over its layers would be 0
    with pytest.raises(TypeError, match='a tuple of 0: only set_attn_implementation."eager"'):
        attention_loss(found, teacher(**inputs(), output_attentions=True).attentions, mask=mask)
    student.set_attn_implementation("eager")
    teacher.set_attn_implementation("eager")
    ours, theirs = (m(**inputs(), output_attentions=True).attentions for m in (student, teacher))
    assert attention_loss(ours[-1], theirs[-1], mask=mask) > 0
    with pytest.raises(TypeError, match=r"one layer's attention.*a tuple of 2$"):
        attention_loss(ours, theirs, mask=mask)


def test_eager_attention_is_the_softmax_of_queries_and_keys():
    model = bert(0)
    model.set_attn_implementation("eager")
    kept = {}
    part = model.bert.encoder.layer[1].attention.self
    for name in ("query", "key"):
        getattr(part, name).register_forward_hook(
            lambda module, args, output, name=name: kept.update({name: output.detach().numpy()})
        )
    found = model(**inputs(), output_attentions=True).attentions[1].detach().numpy()
    for row, head, token in np.ndindex(3, 2, 5):
        if MASK[row, token]:
            at = slice(8 * head, 8 * head + 8)
            keys = kept["key"][row][MASK[row], at]
            expected = softmax(keys @ kept["query"][row, token, at] / math.sqrt(8))
            np.testing.assert_allclose(found[row, head, token][MASK[row]], expected, rtol=1e-4)
            assert (found[row, head, token][~MASK[row]] == 0).all()


def test_attention_after_dropout_is_refused():
    student, teacher = bert(0, dropout=0.1), bert(1)
    for model in (student, teacher):
        model.set_attn_implementation("eager")
    student.train()
    torch.manual_seed(0)
    ours, theirs = (m(**inputs(), output_attentions=True).attentions for m in (student, teacher))
    with pytest.raises(ValueError, match=r"student_attention must have rows.*dropout on it"):
        attention_loss(ours[0], theirs[0], mask=mask)
    student.eval()
    ours = student(**inputs(), output_attentions=True).attentions
    assert attention_loss(ours[0], theirs[0], mask=mask).isfinite()


def test_a_model_that_was_not_told_of_the_padding_is_refused():
    model = bert(0)
    model.set_attn_implementation("eager")
    untold = model(inputs()["input_ids"], output_attentions=True).attentions[0]
    with pytest.raises(ValueError, match="not told which tokens are padding"):
        attention_loss(untold, untold, mask=mask)


def test_hidden_states_begin_with_the_embeddings():
    model = bert(0)
    found = model(**inputs(), output_hidden_states=True).hidden_states
    assert len(found) == model.config.num_hidden_layers + 1
    embedded = model.bert.embeddings(input_ids=inputs()["input_ids"])
    torch.testing.assert_close(found[0], embedded)
