"""Going on from a bundle: the shipped one's networks, as training wants them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from detector.bundle import open_bundle
from tests.line import ROOT, TINY_BUNDLE
from tests.needs import torch_or_skip
from tools.dataset import DataError

EDGE_BUNDLE = ROOT / "detector" / "bundles" / "edge"
STAGES = ("classifier", "segmenter")


@pytest.fixture(scope="module")
def torch() -> Any:
    return torch_or_skip("training")


def batch_for(torch: Any, spec: Any) -> Any:
    """The golden pictures, as that stage takes them."""
    from tools.fit import as_tensor, normalised

    files = [golden.file.path for golden in open_bundle(EDGE_BUNDLE).golden]
    pictures = [cv2.resize(cv2.imread(str(file))[..., ::-1], (spec.width, spec.height)) for file in files]
    return normalised(as_tensor(np.stack(pictures)), spec)


@pytest.mark.filterwarnings("ignore:`timm-` encoders:DeprecationWarning")
@pytest.mark.parametrize("stage", STAGES)
def test_the_network_of_a_bundle_answers_as_it_did_and_knows_its_statistics(torch: Any, stage: str) -> None:
    import onnxruntime

    from tools.networks import PRESETS
    from tools.starting import start_from

    plan = getattr(PRESETS["edge"], stage)
    network, batch = plan.build(), batch_for(torch, plan.input)
    started_from = start_from(network, plan, stage, (EDGE_BUNDLE,), lambda: [batch[:3], batch[3:]])
    assert started_from == f"the {stage} of {open_bundle(EDGE_BUNDLE).id}"
    session = onnxruntime.InferenceSession(EDGE_BUNDLE / f"{stage}.onnx", providers=["CPUExecutionProvider"])
    (wanted,) = session.run(None, {"image": batch.numpy()})
    with torch.inference_mode():
        given = network.eval()(batch).numpy()
        np.testing.assert_allclose(given, wanted, atol=2e-3 * max(1.0, float(np.abs(wanted).max())))
        learning = network.train()(batch).numpy()
    # The statistics are those of these very pictures: what training computes of them is what the line does.
    assert np.abs(learning - wanted).mean() < 0.1 * np.abs(wanted).mean()


@pytest.mark.parametrize(
    ("bundle", "says"),
    [
        pytest.param(
            TINY_BUNDLE, "lacks 100 weights of the preset's network, as .*the same preset", id="another network"
        ),
        pytest.param(ROOT / "tests", "bundle.yaml", id="no bundle"),
    ],
)
def test_a_bundle_of_another_network_is_refused(torch: Any, bundle: Path, says: str) -> None:
    from tools.networks import PRESETS
    from tools.starting import start_from

    plan = PRESETS["edge"].classifier
    with pytest.raises(DataError, match=f"--pretrained .*{says}"):
        start_from(plan.build(), plan, "classifier", (bundle,), lambda: [torch.zeros(2, 3, 224, 224)])
