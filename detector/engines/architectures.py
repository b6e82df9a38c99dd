"""The networks of the reference pipeline, each known by the keys of its plain state dict. Needs torch when built."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from detector.engines.torchvision_stub import declare_nms


@dataclass(frozen=True)
class Architecture:
    """One network that a checkpoint may hold. A new one is one row of ARCHITECTURES."""

    name: str
    kind: str  # classifier | segmenter
    marks: frozenset[str]  # keys that no other architecture here has together
    build: Callable[[], Any]  # the torch module, with weights at random


def _timm(name: str) -> Callable[[], Any]:
    def build() -> Any:
        declare_nms()
        import timm

        return timm.create_model(name, pretrained=False, num_classes=2)

    return build


def _unet_b5() -> Any:
    declare_nms()
    import segmentation_models_pytorch

    return segmentation_models_pytorch.Unet("efficientnet-b5", encoder_weights=None, in_channels=3, classes=1)


ARCHITECTURES = (
    Architecture(
        "timm convnext_tiny, num_classes=2",
        "classifier",
        frozenset({"stem.0.weight", "stages.0.blocks.0.conv_dw.weight", "head.fc.weight"}),
        _timm("convnext_tiny"),
    ),
    Architecture(
        "timm vit_base_patch16_224, num_classes=2",
        "classifier",
        frozenset({"cls_token", "pos_embed", "patch_embed.proj.weight", "head.weight"}),
        _timm("vit_base_patch16_224"),
    ),
    Architecture(
        'segmentation-models-pytorch Unet("efficientnet-b5", in_channels=3, classes=1)',
        "segmenter",
        frozenset({"encoder._conv_stem.weight", "decoder.blocks.0.conv1.0.weight", "segmentation_head.0.weight"}),
        _unet_b5,
    ),
)


def recognised(keys: Iterable[str]) -> Architecture | None:
    """The architecture whose marks are all among the keys of a state dict."""
    have = set(keys)
    return next((one for one in ARCHITECTURES if one.marks <= have), None)


def expected(kind: str) -> str:
    """The architectures of that kind, for an error."""
    return " or ".join(one.name for one in ARCHITECTURES if one.kind == kind)
