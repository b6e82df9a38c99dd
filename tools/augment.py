"""Changes pictures and their masks together, so that a network learns what does not matter. Needs torch."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

TURNED_SHARE = 0.25  # of pictures, turned by an angle that is not a quarter
TURN_MAX = math.radians(12)


def augmented(pictures: torch.Tensor, masks: torch.Tensor, draw: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures (N, 3, h, w) float 0..255 and masks (N, 1, h, w) float 0..1, moved alike; light and
    noise change the pictures only.

    Nothing is ever moved out of the picture, so that its label stands.
    """
    both = torch.cat([pictures, masks * 255], dim=1)
    both = _turned_a_little(_turned_by_quarters(both, draw), draw)
    return _lit(both[:, :3], draw), both[:, 3:] / 255


def _turned_by_quarters(both: torch.Tensor, draw: torch.Generator) -> torch.Tensor:
    count = both.shape[0]
    square = both.shape[2] == both.shape[3]
    choice = torch.randint(0, 2, (3, count), generator=draw, device=draw.device).bool()
    both = torch.where(choice[0].view(-1, 1, 1, 1), both.flip(2), both)
    both = torch.where(choice[1].view(-1, 1, 1, 1), both.flip(3), both)
    return torch.where(choice[2].view(-1, 1, 1, 1), both.transpose(2, 3), both) if square else both


def _turned_a_little(both: torch.Tensor, draw: torch.Generator) -> torch.Tensor:
    """Some turned by a few degrees, and drawn smaller so that no corner is lost; mirrored beyond the edges."""
    some = torch.rand(both.shape[0], generator=draw, device=draw.device) < TURNED_SHARE
    if not some.any():
        return both
    angle = (torch.rand(int(some.sum()), generator=draw, device=draw.device) * 2 - 1) * TURN_MAX
    cosine, sine = torch.cos(angle), torch.sin(angle)
    shrink = cosine + sine.abs()
    still = torch.zeros_like(angle)
    rows = torch.stack([cosine, -sine, still, sine, cosine, still], dim=1).view(-1, 2, 3)
    grid = F.affine_grid(rows * shrink.view(-1, 1, 1), list(both[some].shape), align_corners=False)
    both = both.clone()
    both[some] = F.grid_sample(both[some], grid, padding_mode="reflection", align_corners=False)
    return both


def _lit(pictures: torch.Tensor, draw: torch.Generator) -> torch.Tensor:
    count = pictures.shape[0]

    def each(low: float, high: float) -> torch.Tensor:
        return low + (high - low) * torch.rand(count, 1, 1, 1, generator=draw, device=draw.device)

    middle = pictures.mean(dim=(1, 2, 3), keepdim=True)
    lit = (pictures - middle) * each(0.8, 1.2) + middle * each(0.85, 1.15)
    tint = 1 + 0.03 * torch.randn(count, 3, 1, 1, generator=draw, device=draw.device)
    lit = lit * tint
    grey = torch.rand(count, 1, 1, 1, generator=draw, device=draw.device) < 0.15
    lit = torch.where(grey, lit.mean(dim=1, keepdim=True).expand_as(lit), lit)
    noise = torch.randn(lit.shape, generator=draw, device=draw.device) * (each(0, 1) ** 3 * 8)
    return (lit + noise).clamp(0, 255)
