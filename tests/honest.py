"""Honest ways to write an answer, each of which a Jupyter kernel runs; saved as programs save notebooks.

STYLES: name -> the code cells in the place of the answer to 00.1, in order. Every one defines a right
`soften`. NOT_IN_A_KERNEL: names of those that a kernel of the tests cannot be asked to run.
"""

from __future__ import annotations

import json

import hostile

RIGHT = hostile.RIGHT
HEAD = "def soften(scores, temperature):\n"
RETURN = "    return torch.softmax(scores / temperature, dim=-1)\n"


def _then(*after: str) -> str:
    """The answer, and lines below it in the same cell."""
    return RIGHT + "\n".join(after) + "\n"


def _before(*lines: str) -> str:
    return "\n".join(lines) + "\n" + RIGHT


def _indented(source: str) -> str:
    return "".join(f"    {line}\n" for line in source.strip("\n").split("\n"))


DATACLASS = """
from dataclasses import KW_ONLY, dataclass, field
from typing import ClassVar

@dataclass
class Recipe:
    kinds: ClassVar[int] = 3
    axis: int = -1
    _: KW_ONLY
    temperature: float = 1.0
    seen: list = field(default_factory=list)

assert Recipe(0).axis == 0 and not hasattr(Recipe(), "_")

def soften(scores, temperature):
    recipe = Recipe(temperature=temperature)
    return torch.softmax(scores / recipe.temperature, dim=recipe.axis)
"""

STYLES: dict[str, tuple[str, ...]] = {
    "plain": (RIGHT,),
    # -- IPython's own lines
    "matplotlib-inline": (_before("%matplotlib inline"),),
    "autoreload": (_before("%load_ext autoreload", "%autoreload 2"),),
    "shell": (_before("!echo hello", "  ", "files = !ls", "assert len(files) >= 0"),),
    "shell-in-an-if": ("if True:\n    !echo hello\n    %precision 4\n" + RIGHT,),
    "asks-for-help": (_then("soften?", "soften??", "?torch.softmax"),),
    "time-gives-a-value": (_then("%time p = soften(torch.zeros(1, 2), 1.0)", "assert p.sum() == 1"),),
    "timeit": (_then("%timeit -n 1 -r 1 soften(torch.zeros(1, 2), 1.0)"),),
    "cell-time": ("%%time\n" + RIGHT,),
    "cell-capture": ("%%capture said\n" + RIGHT + "print('x')\n",),
    "cell-capture-and-time": ("%%capture\n%%time\n" + RIGHT,),
    "cell-of-another-language": ("%%bash\nfor i in 1 2; do\n  echo $i\ndone\n", RIGHT),
    "writes-a-module": (
        "%%writefile soft_helper_of_mine.py\nimport torch\n\ndef shares(z):\n    return torch.softmax(z, -1)\n",
        "from soft_helper_of_mine import shares\n" + HEAD + "    return shares(scores / temperature)\n",
    ),
    "where-am-i": ("here = %pwd\nassert len(here)\n" + RIGHT,),
    "get-ipython": (_before("get_ipython().run_line_magic('precision', '3')"),),
    "magic-in-a-string": (
        'NOTES = """\n%matplotlib inline\n!ls\n%%time\nwhat?\n"""\nassert "%matplotlib" in NOTES and "!ls" in NOTES\n'
        + RIGHT,
    ),
    "percent-at-a-lines-start": (
        HEAD + "    one = (\n        3\n        % 2\n    )\n"
        "    return torch.softmax(scores / temperature * one, dim=-1)\n",
    ),
    "unequal-at-a-lines-start": (
        HEAD + "    if (\n        scores.ndim\n        != 2\n    ):\n        raise ValueError\n" + RETURN,
    ),
    "percent-and-a-magic-in-one-cell": (
        "%matplotlib inline\n" + HEAD + "    assert (\n        7\n        % 2\n        != 0\n    )\n" + RETURN,
    ),
    "formats-with-percent": (_then("print('%d of %d' % (1, 2), f'{3 % 2}')"),),
    "prompts-pasted": (
        ">>> def soften(scores, temperature):\n...     return torch.softmax(scores / temperature, dim=-1)\n",
    ),
    "in-prompts-pasted": (
        "In [3]: def soften(scores, temperature):\n   ...:     return torch.softmax(scores / temperature, dim=-1)\n",
    ),
    "indented-as-a-whole": (_indented(RIGHT),),
    "the-last-result": ("torch.softmax\n", "softmax = _\n", HEAD + "    return softmax(scores / temperature, -1)\n"),
    # -- what a module's name and the compiler's flags decide
    "dataclass": (DATACLASS,),
    "dataclass-with-future": ("from __future__ import annotations\n" + DATACLASS,),
    "future-in-a-cell-before": (
        "from __future__ import annotations\n",
        "def soften(scores: Tensr, temperature: Flot) -> Tensr:\n" + RETURN,
    ),
    "future-below-other-lines": ("import math\nfrom __future__ import annotations\n" + RIGHT,),
    "annotations-are-objects": (
        "def soften(scores: torch.Tensor, temperature: float) -> torch.Tensor:\n" + RETURN
        + "assert soften.__annotations__['temperature'] is float\n",
    ),
    "type-hints": (
        "from typing import get_type_hints\nclass T:\n    x: 'int'\nassert get_type_hints(T) == {'x': int}\n"
        + RIGHT,
    ),
    "single-dispatch": (
        "import functools\n@functools.singledispatch\ndef degrees(t):\n    raise TypeError\n"
        "@degrees.register\ndef _(t: float):\n    return t\n@degrees.register\ndef _(t: int):\n    return float(t)\n"
        + HEAD + "    return torch.softmax(scores / degrees(temperature), dim=-1)\n",
    ),
    "named-tuple": (
        "from typing import NamedTuple\nclass Given(NamedTuple):\n    z: object\n    t: float\n"
        + HEAD + "    given = Given(scores, temperature)\n    return torch.softmax(given.z / given.t, -1)\n",
    ),
    "pickles-its-class": (
        "import pickle\nclass Box:\n    def __init__(self, t):\n        self.t = t\n"
        + HEAD + "    return torch.softmax(scores / pickle.loads(pickle.dumps(Box(temperature))).t, -1)\n",
    ),
    "asks-for-main": (
        "import sys\ndef shares(z):\n    return torch.softmax(z, -1)\n"
        + HEAD + "    return sys.modules['__main__'].shares(scores / temperature)\n",
    ),
    "if-name-is-main": (_then("if __name__ == '__main__':", "    print(soften(torch.zeros(1, 2), 1.0))"),),
    "await": ("import asyncio\nawait asyncio.sleep(0)\n" + RIGHT,),
    "await-of-its-own": (
        "async def wait():\n    return -1\n", "axis = await wait()\n",
        HEAD + "    return torch.softmax(scores / temperature, axis)\n",
    ),
    "reads-its-own-source": (_then("import inspect", "assert 'softmax' in inspect.getsource(soften)"),),
    "doctest": (
        HEAD + '    """Softens.\n\n    >>> soften(torch.zeros(1, 2), 1.0).sum().item()\n    1.0\n    """\n' + RETURN
        + "import doctest\ndoctest.testmod()\n",
    ),
    # -- where a definition stands
    "in-a-try": ("try:\n" + _indented(RIGHT) + "except ImportError:\n    soften = None\n",),
    "in-an-if": ("FAST = True\nif FAST:\n" + _indented(RIGHT) + "else:\n    soften = None\n",),
    "in-a-with": ("import warnings\nwith warnings.catch_warnings():\n" + _indented(RIGHT),),
    "in-a-for": ("for axis in (-1,):\n" + _indented(RIGHT),),
    "in-a-match": ("match 3:\n    case 3:\n" + _indented(_indented(RIGHT)),),
    "helper-in-a-try-above": (
        "try:\n    from scipy.special import softmax_of_mine\nexcept ImportError:\n"
        "    def softmax_of_mine(z):\n        return torch.softmax(z, -1)\n",
        HEAD + "    return softmax_of_mine(scores / temperature)\n",
    ),
    "helper-is-computed": ("soft = torch.nn.Softmax(dim=-1)\n", HEAD + "    return soft(scores / temperature)\n"),
    "helper-of-a-helper": (
        "AXES = dict(last=-1)\n", "def shares(z):\n    return torch.softmax(z, AXES['last'])\n",
        HEAD + "    return shares(scores / temperature)\n",
    ),
    "helper-below": (HEAD + "    return shares(scores / temperature)\n", "shares = torch.nn.Softmax(dim=-1)\n"),
    "table-filled-elsewhere": (
        "table = {}\n", "table['soft'] = torch.nn.Softmax(dim=-1)\n",
        HEAD + "    return table['soft'](scores / temperature)\n",
    ),
    "uses-the-lessons-own-cells": (
        HEAD + "    axis = len(classes) - 4\n    return torch.softmax(scores / temperature, axis)\n",
    ),
    "builds-on-what-the-lessons-cell-computed": (
        "axis = -scores.ndim // 2\n", HEAD + "    return torch.softmax(scores / temperature, axis)\n",
    ),
    # -- what is a function
    "lambda": ("soften = lambda scores, temperature: torch.softmax(scores / temperature, -1)\n",),
    "partial": (
        "import functools\ndef along(axis, scores, temperature):\n    return torch.softmax(scores / temperature, axis)\n"
        "soften = functools.partial(along, -1)\n",
    ),
    "object": (
        "class Soften:\n    def __call__(self, scores, temperature):\n"
        "        return torch.softmax(scores / temperature, -1)\nsoften = Soften()\n",
    ),
    "decorated": (
        "import functools\ndef told(f):\n    @functools.wraps(f)\n    def g(*a, **k):\n        return f(*a, **k)\n    return g\n@told\n"
        + RIGHT.lstrip(),
    ),
    "closure": (
        "def made(axis):\n    def inner(scores, temperature):\n"
        "        return torch.softmax(scores / temperature, axis)\n    return inner\nsoften = made(-1)\n",
    ),
    "any-arguments": ("def soften(*given):\n    return torch.softmax(given[0] / given[1], -1)\n",),
    "default-and-keyword": (
        "def soften(scores, temperature=1.0, *, axis=-1):\n    return torch.softmax(scores / temperature, axis)\n",
    ),
    "counts-its-calls": ("calls = 0\n" + HEAD + "    global calls\n    calls += 1\n" + RETURN,),
    "has-an-attribute": (HEAD + "    soften.calls += 1\n" + RETURN + "soften.calls = 0\n",),
    "star-import": ("from torch.nn.functional import *\n" + HEAD + "    return softmax(scores / temperature, -1)\n",),
    "numpy-constants": ("import numpy as np\n" + HEAD + "    return torch.softmax(scores / temperature, int(np.int64(-1)))\n",),
    "one-line": ("def soften(scores, temperature): s = scores / temperature; return torch.softmax(s, -1)",),
    # -- characters
    "windows-lines": (RIGHT.replace("\n", "\r\n") + "%time 1\r\n",),
    "old-mac-lines": ("%matplotlib inline\r" + RIGHT.replace("\n", "\r"),),
    "form-feeds": ("import math\n\f\n" + RIGHT + "\f\nx = 1\n",),
    "line-separators-in-a-string": ("text = 'a\u2028b\x0bc\x85d'\nassert len(text) == 7\n" + RIGHT,),
    "greek": ("def soften(z, τ):\n    σ = z / τ\n    return torch.softmax(σ, -1)\n",),
    "ligature": ("ﬁrst = -1\n" + HEAD + "    return torch.softmax(scores / temperature, first)\n",),
    "tabs": (RIGHT.replace("    ", "\t"),),
    "continued-lines": (HEAD + "    return torch.softmax(scores \\\n        / temperature, dim=-1)\n",),
    "comments-around": ("# my answer\n\n" + RIGHT + "\n# done?\n# %time\n",),
}  # fmt: skip
NOT_IN_A_KERNEL = ("in-prompts-pasted",)
SAVED_BY = ("jupyterlab", "vscode", "colab", "nbgrader")


def notebook(name: str) -> bytes:
    """A notebook with this style's cells for 00.1, and nothing for the other exercises."""
    made = json.loads((hostile.ROOT / "notebooks" / hostile.NAME).read_text(encoding="utf-8"))
    cells = made["cells"]
    at = next(i for i, cell in enumerate(cells) if cell.get("id") == "ex-00-1")
    *extra, answer = STYLES[name]
    if "def soften" in extra[0] if extra else False:
        answer, extra = extra[0], []
        cells.insert(at + 1, _cell("below", STYLES[name][-1]))
    cells[at]["source"] = answer
    cells[at:at] = [_cell(f"own-{i}", source) for i, source in enumerate(extra)]
    by = SAVED_BY[list(STYLES).index(name) % len(SAVED_BY)]
    return SAVERS[by](made).encode()


def _cell(id: str, source: str) -> dict:
    about = {"cell_type": "code", "execution_count": 3, "metadata": {}, "outputs": []}
    return {**about, "id": id, "source": source}


def _by_jupyterlab(made: dict) -> str:
    for cell in made["cells"]:
        text = "".join(cell["source"])
        cell["source"] = text.splitlines(keepends=True) if text.isascii() else text
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def _by_vscode(made: dict) -> str:
    for cell in made["cells"]:
        cell.pop("id", None)
        cell["metadata"]["vscode"] = {"languageId": "python"}
        cell["source"] = ["".join(cell["source"])]
    made["nbformat_minor"] = 2
    made["metadata"]["orig_nbformat"] = 4
    return json.dumps(made, indent=2)


def _by_colab(made: dict) -> str:
    for i, cell in enumerate(made["cells"]):
        cell.pop("id", None)
        cell["metadata"] = {"id": f"aB{i}", "executionInfo": {"status": "ok", "elapsed": 7}}
        cell["source"] = "".join(cell["source"]).split("\n")
        cell["source"] = [line + "\n" for line in cell["source"][:-1]] + cell["source"][-1:]
    made["nbformat_minor"] = 0
    made["metadata"]["colab"] = {"provenance": [], "toc_visible": True}
    return json.dumps(made)


def _by_nbgrader(made: dict) -> str:
    """As it was assigned, its cells in the places that they had, and outputs kept."""
    for cell in made["cells"]:
        cell["source"] = "".join(cell["source"])
        if cell["cell_type"] == "code":
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["x\n"]}]
    return json.dumps(made, indent=1)


SAVERS = dict(zip(SAVED_BY, (_by_jupyterlab, _by_vscode, _by_colab, _by_nbgrader)))
