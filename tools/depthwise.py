"""Depthwise convolutions whose way back is reckoned in float32, on a CPU. Needs torch.

oneDNN has no fast way back for most of them in bfloat16: of a step of EfficientNet-Lite0 (32 pictures of 224 px, two
threads) they took 57 %, and in float32 they take a third of that (docs/training.md). A 3x3 kernel of stride 1 is the
exception, and is left alone.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch.overrides import TorchFunctionMode


class Float32WayBack(TorchFunctionMode):
    """While it is entered, depthwise `conv2d` of bfloat16 answers as ever, and finds its gradients in float32."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is F.conv2d and not kwargs and _slow_in_bfloat16(*args):
            picture, weight, bias, stride, padding, *_ = args
            return _Depthwise.apply(picture.bfloat16(), weight.bfloat16(), bias, _pair(stride), _pair(padding))
        return func(*args, **(kwargs or {}))


class _Depthwise(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, picture: Any, weight: Any, bias: Any, stride: list[int], padding: list[int]) -> Any:
        ctx.save_for_backward(picture, weight)
        ctx.stride, ctx.padding, ctx.bias = stride, padding, bias is not None
        bias = bias if bias is None else bias.to(picture.dtype)
        return F.conv2d(picture, weight, bias, stride, padding, 1, weight.shape[0])

    @staticmethod
    def backward(ctx: Any, wanted: Any) -> Any:
        picture, weight = ctx.saved_tensors
        found = torch.ops.aten.convolution_backward(
            wanted.contiguous(memory_format=torch.channels_last).float(),
            picture.float(),
            weight.float(),
            [len(weight)] if ctx.bias else None,
            ctx.stride,
            ctx.padding,
            [1, 1],
            False,
            [0, 0],
            len(weight),
            [ctx.needs_input_grad[0], ctx.needs_input_grad[1], ctx.bias],
        )
        to_picture, to_weight, to_bias = found
        return (
            to_picture if to_picture is None else to_picture.to(picture.dtype),
            to_weight if to_weight is None else to_weight.to(weight.dtype),
            to_bias,
            None,
            None,
        )


def _slow_in_bfloat16(
    picture: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> bool:
    """Whether this is a depthwise convolution that autocast would take to bfloat16 on a CPU, with a slow way back."""
    return (
        groups == len(weight) > 1
        and weight.shape[1] == 1
        and picture.device.type == "cpu"
        and torch.is_autocast_enabled("cpu")
        and torch.get_autocast_dtype("cpu") is torch.bfloat16
        and not isinstance(padding, str)
        and _pair(dilation) == [1, 1]
        and not (weight.shape[2] == 3 and _pair(stride) == [1, 1])
    )


def _pair(value: Any) -> list[int]:
    return [value, value] if isinstance(value, int) else list(value)
