"""Writes the reference values of PlanetDataTests, from the libraries fastai stands on.

    pip install numpy==2.4.6 pillow==13.0.0 torch==2.13.0
    python3 generate.py

- jpeg/*.jpg, *.rgb: small JPEGs of every kind, and the pixels Pillow's convert("RGB") gives.
- transforms.json, transforms.bin: fastai 1.0.61's image pipeline (recipe 1) in PyTorch, in float32, case by case.
- shared.csv: a hash of Pillow's pixels for each file of ../shared/data/jpegs and for a few of planet-sample, where
  that folder stands beside the project.
"""

import io
import json
import math
import pathlib
import struct
import warnings

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

HERE = pathlib.Path(__file__).parent
SHARED = HERE.parents[3] / "shared" / "data"
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def pattern(height, width, channels=3):
    """Test pixels: waves with hard edges. RenderingTests.swift has the same formula."""
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(channels), indexing="ij")
    return ((x * (7 + c) + y * (13 - 2 * c) + 31 * c + (x * y) // 3 * 5) % 256).astype(np.uint8)


# JPEGs


def smooth(height, width, channels):
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(channels), indexing="ij")
    wave = np.sin(x / (3 + c)) * 60 + np.cos(y / (4 - 0.5 * c)) * 50 + 128 + ((x // 5 + y // 7) % 2) * 15
    return np.clip(wave, 0, 255).astype(np.uint8)


def encode(pixels, mode, **options):
    data = io.BytesIO()
    image = Image.frombytes(mode, (pixels.shape[1], pixels.shape[0]), pixels.tobytes())
    image.save(data, "JPEG", **options)
    return data.getvalue()


def segments(data):
    """(marker, bytes) of each segment up to the scan; the rest comes last, as marker None."""
    i = 2
    while data[i + 1] != 0xDA:
        length = struct.unpack(">H", data[i + 2 : i + 4])[0]
        yield data[i + 1], data[i : i + 2 + length]
        i += 2 + length
    yield None, data[i:]


def without(data, marker):
    return data[:2] + b"".join(part for name, part in segments(data) if name != marker)


def adobe_transform(data, transform):
    """The same components declared to be YCCK (2) or CMYK (0)."""
    parts = [part[:-1] + bytes([transform]) if name == 0xEE else part for name, part in segments(data)]
    return data[:2] + b"".join(parts)


def jpegs():
    folder = HERE / "jpeg"
    folder.mkdir(exist_ok=True)
    planet = smooth(19, 24, 4)
    planet[..., 3] = 0  # Pillow inverts on saving: stored as 255, the chips' constant fourth component
    four = encode(planet, "CMYK", quality=90)
    exif = Image.Exif()
    exif[0x0112] = 6
    files = {
        "planet": without(four, 0xEE),
        "cmyk-adobe": encode(smooth(17, 23, 4), "CMYK", quality=90),
        "cmyk-plain": without(encode(smooth(17, 23, 4), "CMYK", quality=90), 0xEE),
        "ycck-adobe": adobe_transform(encode(smooth(16, 9, 4), "CMYK", quality=85), 2),
        "grey": encode(smooth(13, 21, 1), "L", quality=80),
        "ycbcr-444": encode(smooth(15, 22, 3), "RGB", quality=85, subsampling=0),
        "ycbcr-422": encode(smooth(15, 23, 3), "RGB", quality=85, subsampling=1),
        "ycbcr-420": encode(smooth(33, 35, 3), "RGB", quality=75, subsampling=2),
        "progressive": encode(smooth(31, 18, 3), "RGB", quality=75, progressive=True),
        "restarts": encode(smooth(40, 24, 3), "RGB", quality=75, restart_marker_blocks=2),
        "rotated": encode(smooth(12, 20, 3), "RGB", quality=75, exif=exif),
        "pixel": encode(smooth(1, 1, 3), "RGB", quality=75),
    }
    for name, data in files.items():
        image = Image.open(io.BytesIO(data))
        (folder / f"{name}.jpg").write_bytes(data)
        rgb = image.convert("RGB")
        (folder / f"{name}.rgb").write_bytes(struct.pack("<II", *rgb.size) + rgb.tobytes())


def fnv1a(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value


def shared():
    files = sorted((SHARED / "jpegs").glob("*")) + sorted((SHARED / "planet-sample" / "train").glob("*.jpg"))[::50]
    rows = []
    for path in files:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                image = Image.open(path).convert("RGB")
            rows.append(f"{path.relative_to(SHARED)},{image.width},{image.height},{fnv1a(image.tobytes()):016x}")
        except OSError:
            rows.append(f"{path.relative_to(SHARED)},,,")
    if rows:
        (HERE / "shared.csv").write_text("\n".join(["file,width,height,fnv1a"] + rows) + "\n")


# fastai's pipeline


def affine_grid(height, width):
    grid = torch.empty(1, height, width, 2)
    grid[..., 0] = torch.linspace(-1, 1, width)
    grid[..., 1] = torch.linspace(-1, 1, height)[:, None]
    return grid


def affine_mult(grid, m):
    height, width = grid.shape[1:3]
    m = m.clone()
    m[0, 1] *= height / width
    m[1, 0] *= width / height
    return torch.addmm(m[:2, 2], grid.view(-1, 2), m[:2, :2].t()).view(grid.shape)


def grid_sample(x, grid):
    zoom = 1 / (grid.max() - grid.min()).item() * 2
    shrink = min(x.shape[1] / grid.shape[1], x.shape[2] / grid.shape[2]) / 2
    if shrink > 1 and shrink > zoom:
        x = F.interpolate(x[None], scale_factor=1 / shrink, mode="area")[0]
    return F.grid_sample(x[None], grid, mode="bilinear", padding_mode="reflection", align_corners=True)[0]


def logit(x):
    x = x.clamp(1e-7, 1 - 1e-7)
    return -(1 / x - 1).log()


def render(case):
    x = torch.tensor(pattern(case["height"], case["width"])).permute(2, 0, 1).float().div_(255)
    size = case["size"]
    ratio = min(case["height"] / size, case["width"] / size)
    target = round(case["height"] / ratio), round(case["width"] / ratio)

    m = None
    def affine(values):
        nonlocal m
        m = (torch.eye(3) if m is None else m) @ torch.tensor(values)
    if "dihedral" in case:
        k = case["dihedral"]
        fx, fy = (-1 if k & 1 else 1), (-1 if k & 2 else 1)
        affine([[fx, 0, 0], [0, fy, 0], [0, 0, 1.0]] if k < 4 else [[0, fx, 0], [fy, 0, 0], [0, 0, 1.0]])
    if "degrees" in case:
        a = case["degrees"] * math.pi / 180
        affine([[math.cos(a), -math.sin(a), 0], [math.sin(a), math.cos(a), 0], [0, 0, 1]])
    if "zoom" in case:
        scale, row, column = case["zoom"]
        s = 1 - 1 / scale
        affine([[1 / scale, 0, s * (2 * column - 1)], [0, 1 / scale, s * (2 * row - 1)], [0, 0, 1]])
    if target != (case["height"], case["width"]) or m is not None:
        grid = affine_grid(*target)
        x = grid_sample(x, grid if m is None else affine_mult(grid, m))

    if case.get("mirrored"):
        x = x.flip(2)  # flip_lr, a TfmPixel: after all affine ones
    if "brightness" in case or "contrast" in case:
        z = logit(x)
        if "brightness" in case:
            z = z + logit(torch.tensor(case["brightness"]))
        if "contrast" in case:
            z = z * case["contrast"]
        x = z.sigmoid()

    row_pct, col_pct = (min(pct, 1 - 1e-7) for pct in case.get("crop", (0.5, 0.5)))  # _minus_epsilon
    row, col = int((x.shape[1] - size + 1) * row_pct), int((x.shape[2] - size + 1) * col_pct)
    x = x[:, row : row + size, col : col + size]
    x = (x - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]
    return x.permute(1, 2, 0).contiguous().numpy()


def transforms():
    square = {"height": 16, "width": 16}
    everything = {"dihedral": 6, "degrees": -7.5, "zoom": [1.04, 0.2, 0.9], "brightness": 0.46, "contrast": 1.08}
    cases = [
        {**square, "size": 16},
        {**square, "size": 8},
        {**square, "size": 7},
        {**square, "size": 4},
        {**square, "size": 20},
        *({**square, "size": 8, "dihedral": k} for k in range(8)),
        {**square, "size": 16, "dihedral": 5},
        {**square, "size": 8, "degrees": 9.5},
        {**square, "size": 8, "degrees": 170.0},
        {**square, "size": 8, "zoom": [1.05, 0.1, 0.8]},
        {**square, "size": 8, "zoom": [0.3, 0.1, 0.8]},
        {**square, "size": 16, "brightness": 0.45},
        {**square, "size": 16, "contrast": 0.9},
        {**square, "size": 8, "brightness": 0.55, "contrast": 1.1},
        {**square, "size": 8, **everything},
        {**square, "size": 16, **everything},
        {**square, "size": 3, **everything},
        {"height": 30, "width": 18, "size": 10},
        {"height": 19, "width": 33, "size": 8},
        {"height": 19, "width": 33, "size": 8, **everything, "crop": [0.3, 0.9]},
        {"height": 21, "width": 13, "size": 13, "crop": [0.99, 0.0]},
        {"height": 64, "width": 50, "size": 8, **everything, "crop": [0.7, 0.1]},
        {"height": 1, "width": 9, "size": 4},
        {"height": 64, "width": 64, "size": 12, "zoom": [1.7, 0.5, 0.5]},
        {**square, "size": 8, "zoom": [1.35, 1.0, 0.0]},
        {**square, "size": 16, "zoom": [1.35, 0.0, 1.0], "mirrored": True},
        {"height": 19, "width": 33, "size": 8, **everything, "zoom": [1.35, 0.0, 1.0], "crop": [0.0, 1.0], "mirrored": True},
    ]
    with open(HERE / "transforms.bin", "wb") as file:
        for case in cases:
            file.write(render(case).astype("<f4").tobytes())
    (HERE / "transforms.json").write_text("[\n" + ",\n".join("  " + json.dumps(c) for c in cases) + "\n]\n")


if __name__ == "__main__":
    jpegs()
    transforms()
    shared()
