"""A classifier out of PyTorch: a file of ONNX, and a model that runs it with ONNX Runtime.

Needs the extra `serve` (onnx, onnxscript, onnxruntime). optimum-onnx, which would do the export, does
not support transformers 5.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from kd_course.modes import eval_mode


class _LogitsOf(nn.Module):
    """The model as a function of two tensors: the exporter has no use for keywords and dataclasses."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model = model

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        return self.model(input_ids=input_ids, attention_mask=attention_mask).logits


def to_onnx(model: nn.Module, path: str | Path) -> Path:
    """Write a classifier as ONNX, for any number of texts of any length; returns the path.

    The model is exported in eval mode, whatever mode it is in; each of its modules is left in its own.
    Raises ModuleNotFoundError, naming the extra, where onnx or onnxscript is missing.
    """
    _need("onnx", "onnxscript")
    wrapped = _LogitsOf(model)
    ids = torch.ones(2, 8, dtype=torch.long)
    batch, length = torch.export.Dim("batch"), torch.export.Dim("length")
    with eval_mode(wrapped), warnings.catch_warnings():
        # The exporter's own: that two inputs share their dimensions, and what it uses is outdated.
        warnings.filterwarnings("ignore", "# The axis name", UserWarning)
        warnings.simplefilter("ignore", FutureWarning)
        torch.onnx.export(
            wrapped,
            (ids, torch.ones_like(ids)),
            str(path),
            input_names=["input_ids", "attention_mask"],
            output_names=["logits"],
            dynamic_shapes=({0: batch, 1: length}, {0: batch, 1: length}),
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    return Path(path)


def int8_onnx(path: str | Path, target: str | Path) -> Path:
    """Quantize an ONNX file's weights to int8, one scale a column of outputs; returns the target.

    Activations are quantized while it runs. Per channel, since one scale a matrix is the coarser grid.
    """
    _need("onnx", "onnxruntime")
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(str(path), str(target), per_channel=True, weight_type=QuantType.QInt8)
    return Path(target)


class OnnxModel(nn.Module):
    """An ONNX file that is called like the model it was made of: `model(**batch).logits`.

    threads: how many it may use; PyTorch's own number, so that both can be compared.
    """

    def __init__(self, path: str | Path, *, threads: int | None = None):
        super().__init__()
        _need("onnxruntime")
        import onnxruntime

        # Whoever asks a model for its device asks a parameter: this one says "the CPU".
        self.place = nn.Parameter(torch.empty(0), requires_grad=False)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or torch.get_num_threads()
        self.session: Any = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Any:
        from transformers.modeling_outputs import SequenceClassifierOutput

        given = {
            "input_ids": input_ids.cpu().numpy(),
            "attention_mask": attention_mask.cpu().numpy(),
        }
        (logits,) = self.session.run(["logits"], given)
        return SequenceClassifierOutput(logits=torch.from_numpy(logits).to(input_ids.device))


def _need(*packages: str) -> None:
    from importlib.util import find_spec

    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise ModuleNotFoundError(
            f"{', '.join(missing)} not installed: pip install -c constraints.txt -e '.[serve]'",
            name=missing[0],
        )
