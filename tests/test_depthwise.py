"""Depthwise convolutions whose way back is in float32: the same network, its gradients no worse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.needs import torch_or_skip
from tests.test_fit import SPEC, settings, task
from tools.dataset import Arrays


@pytest.fixture(scope="module")
def torch() -> Any:
    return torch_or_skip("training")


def passed(torch: Any, layer: Any, picture: Any, *, by_us: bool, low: Any) -> tuple[Any, ...]:
    """The answer, the gradients of picture, weights and bias, and what autograd would call to find them."""
    from tools.depthwise import Float32WayBack

    layer.zero_grad()
    picture = picture.clone().requires_grad_()
    with torch.autocast("cpu", low, enabled=low is not None):
        if by_us:
            with Float32WayBack():
                answer = layer(picture)
        else:
            answer = layer(picture)
    way_back = type(answer.grad_fn).__name__
    answer.float().square().sum().backward()
    bias = None if layer.bias is None else layer.bias.grad.clone()
    return answer.detach().float(), picture.grad, layer.weight.grad.clone(), bias, way_back


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "ours"),
    [(5, 1, 2, True), (5, 2, 2, True), (3, 2, 1, True), (3, 2, 0, True), (3, 1, 1, False)],
)
def test_the_answer_is_the_same_and_the_gradients_are_as_good(
    torch: Any, kernel: int, stride: int, padding: int, ours: bool, bias: bool
) -> None:
    torch.manual_seed(3)
    layer = torch.nn.Conv2d(24, 24, kernel, stride, padding, groups=24, bias=bias)
    picture = torch.randn(3, 24, 17, 17).to(memory_format=torch.channels_last)
    exact = passed(torch, layer, picture, by_us=False, low=None)
    plain = passed(torch, layer, picture, by_us=False, low=torch.bfloat16)
    by_us = passed(torch, layer, picture, by_us=True, low=torch.bfloat16)
    assert (by_us[4] == "_DepthwiseBackward") is ours
    assert torch.equal(by_us[0], plain[0])
    for wanted, before, now in zip(exact[1:4], plain[1:4], by_us[1:4], strict=True):
        if wanted is None:
            assert now is None
            continue
        assert now.dtype is wanted.dtype
        largest = wanted.abs().max()
        assert (now - wanted).abs().max() <= (before - wanted).abs().max() + 0.01 * largest
        assert (now - wanted).abs().max() <= 0.05 * largest


@pytest.mark.parametrize("groups", [1, 6])
def test_other_convolutions_and_other_precisions_are_left_alone(torch: Any, groups: int) -> None:
    picture = torch.randn(1, 24, 9, 9)
    whole = torch.nn.Conv2d(24, 24, 5, padding=2, groups=groups)
    assert passed(torch, whole, picture, by_us=True, low=torch.bfloat16)[4] != "_DepthwiseBackward"
    deep = torch.nn.Conv2d(24, 24, 5, padding=2, groups=24)
    assert passed(torch, deep, picture, by_us=True, low=None)[4] != "_DepthwiseBackward"


def test_training_on_a_cpu_goes_this_way(torch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from tools import depthwise, fit
    from tools.networks import Plan

    class Network(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.deep = torch.nn.Conv2d(3, 3, 5, padding=2, groups=3)
            self.classifier = torch.nn.Linear(3, 2)

        def forward(self, picture: Any) -> Any:
            return self.classifier(self.deep(picture).mean((2, 3)))

    went = []
    ours = depthwise._Depthwise.apply
    monkeypatch.setattr(depthwise._Depthwise, "apply", lambda *args: went.append(1) or ours(*args))
    bad = np.array([0, 1] * 4, np.uint8)
    arrays = Arrays(np.full((8, 32, 32, 3), 90, np.uint8), np.zeros((8, 32, 32), np.uint8), bad)
    plan = Plan("deep", Network, lambda module: "none", SPEC, 4, 1, 1e-2)
    network = plan.build()
    fitter = fit._Fitter(task(), plan, arrays, network, torch.optim.AdamW(network.parameters()), settings(device="cpu"))
    fitter.step(0, 0.0)
    assert went
