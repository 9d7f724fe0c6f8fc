"""compare_export.py onnx MODEL.onnx IMAGES SIZE BATCH PROBABILITIES.csv [SIZE BATCH PROBABILITIES.csv ...]
compare_export.py torchvision LOADER.py IMAGES SIZE BATCH PROBABILITIES.csv [...]

Compares an exported network's probabilities, computed by onnxruntime or PyTorch on batches of BATCH images of
SIZE × SIZE pixels, with those planet-dist predicted. LOADER.py defines `model` and `about`, from files in its own folder.
Prints one JSON object."""
import csv, json, os, sys
from pathlib import Path

import numpy as np
from PIL import Image


def pixels(path, size):
    """Red, green, blue in 0...1, [3, size, size]; resized bilinearly, corner pixels onto corner pixels."""
    x = np.asarray(Image.open(path).convert("RGB"), np.float32) / 255
    for axis in (0, 1):
        at = np.linspace(0, x.shape[axis] - 1, size)
        low = np.minimum(at.astype(int), x.shape[axis] - 2)
        part = np.expand_dims(at - low, (1, 2) if axis == 0 else (0, 2))
        x = np.take(x, low, axis) * (1 - part) + np.take(x, low + 1, axis) * part
    return x.transpose(2, 0, 1).astype(np.float32)


def onnx_network(path):
    import onnx, onnxruntime

    onnx.checker.check_model(path, full_check=True)
    session = onnxruntime.InferenceSession(path)
    network = lambda x: session.run(["probabilities"], {"images": x})[0]
    assert network(np.zeros((1, 3, 40, 72), np.float32)).shape[0] == 1, "not for images that are not square"
    return network, session.get_modelmeta().custom_metadata_map


def torchvision_network(loader):
    import torch

    try:
        import torchvision
    except RuntimeError:
        # PyPI's torchvision is compiled for CUDA's PyTorch. Beside a CPU's its operators are missing, which no ResNet
        # needs; declared, they let it be imported.
        for name in [name for name in sys.modules if name.startswith("torchvision")]: del sys.modules[name]
        library = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            library.define(name + "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        import torchvision
    os.chdir(Path(loader).parent)
    scope = {}
    exec(Path(loader).read_text(), scope)
    mean, std = (torch.tensor(json.loads(scope["about"][key])).view(3, 1, 1) for key in ("mean", "std"))

    @torch.no_grad()
    def network(x): return torch.sigmoid(scope["model"]((torch.from_numpy(x) - mean) / std)).numpy()
    return network, scope["about"]


def compare(network, images, size, batch, predictions):
    header, *rows = csv.reader(open(predictions))
    x = np.stack([pixels(Path(images, row[0] + ".jpg"), size) for row in rows])
    ours = np.array([row[1:] for row in rows], float)
    theirs = np.concatenate([network(x[i:i + batch]) for i in range(0, len(x), batch)])
    return {"images": len(rows), "columns": header[1:], "worst": float(np.abs(ours - theirs).max()),
            "spread": float((ours.max(0) - ours.min(0)).max())}


kind, path, images, *cases = sys.argv[1:]
network, about = {"onnx": onnx_network, "torchvision": torchvision_network}[kind](path)
print(json.dumps({"about": dict(about), "cases": [
    compare(network, images, int(size), int(batch), predictions)
    for size, batch, predictions in zip(cases[::3], cases[1::3], cases[2::3])]}))
