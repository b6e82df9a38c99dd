"""The reference pair of networks, random but for their last layers, which are fitted to pictures: what stands in for a
trained pair where its private data is not. Needs torch; knows no file.

Fitted just far enough that pictures never seen come out GOOD and BAD, and masks cover a part of them, with the margins
that trained networks have: a pair at random says the same of everything, and would agree with anything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

SOME = 7  # pixels: one in so many is fitted to
STRONG = 3.0  # the margin that the fitted pictures get, in logits


def fit_classifier(torch: Any, module: Any, head: Any, good: Sequence[Any], bad: Sequence[Any]) -> None:
    """The last layer by ridge regression on what the frozen rest gives; good, bad: inputs (1, 3, h, w)."""
    with torch.no_grad():
        seen = [module.forward_head(module.forward_features(one), pre_logits=True) for one in (*good, *bad)]
        features = torch.cat(seen).double()
        middle, spread = features.mean(dim=0), features.std()
        rows = (features - middle) / spread
        wanted = torch.tensor([-STRONG] * len(good) + [STRONG] * len(bad)).double()
        alike = rows @ rows.T
        ridge = 0.1 * alike.diagonal().mean() * torch.eye(len(rows)).double()
        weights = rows.T @ torch.linalg.solve(alike + ridge, wanted)
        half = weights / spread / 2
        head.weight.copy_(torch.stack([-half, half]))
        head.bias.copy_(torch.stack([half @ middle, -(half @ middle)]))


def fit_segmenter(torch: Any, module: Any, inputs: Sequence[Any], masks: Sequence[Any]) -> None:
    """The last layer, a 3 x 3 convolution, by ridge regression on the decoder; masks: (1, 1, 384, 384) 0 or 1.

    Scratched pixels weigh more, that their masks come out large; their share is what the test wants of them.
    """
    settle(torch, module, torch.cat(list(inputs[:2])))
    head = module.segmentation_head[0]
    total: Any = 0.0
    towards: Any = 0.0
    with torch.no_grad():
        for one, mask in zip(inputs, masks, strict=True):
            decoded = module.decoder(module.encoder(one))
            rows = torch.nn.functional.unfold(decoded, 3, padding=1)[0, :, ::SOME].T.double()
            rows = torch.cat([rows, torch.ones(len(rows), 1).double()], dim=1)
            scratched = mask.reshape(-1)[::SOME] > 0.5
            weight = torch.where(scratched, 0.3 / scratched.double().mean().clamp(min=1e-3), 1.0)
            total = total + rows.T @ (rows * weight[:, None])
            towards = towards + rows.T @ (weight * torch.where(scratched, STRONG, -STRONG).double())
        ridge = 1e-6 * total.diagonal().mean() * torch.eye(len(total)).double()
        solved = torch.linalg.solve(total + ridge, towards)
        head.weight.copy_(solved[:-1].reshape(head.weight.shape))
        head.bias.copy_(solved[-1:])


def settle(torch: Any, network: Any, batch: Any) -> None:
    """Gives batch normalisation the statistics of real pictures: without, a deep random network fades to nothing."""
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.no_grad():
        network.train()(batch)
    network.eval()


def built(torch: Any, build: Callable[[], Any], seed: int) -> Any:
    """The network with weights that the seed fixes."""
    torch.manual_seed(seed)
    return build().eval()
