#!/usr/bin/env python3
"""Reference values for the tests of ResNet and Training, computed by PyTorch in double precision.

    pip install torch==2.13.0+cpu --index-url https://download.pytorch.org/whl/cpu
    python3 generate.py

writes model.json, model-odd.json and model-resnet101.json here, TenSteps.swift in ../../TrainingTests/Golden and
OneCycleTable.swift in ../../TestSupport.
README.md says what they hold. No weights are stored: every tensor is a formula (`uniform`) both sides evaluate exactly.
"""

import json
import math
import pathlib

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

HERE = pathlib.Path(__file__).parent
TRAINING = HERE.parent.parent / "TrainingTests" / "Golden"
LABELS = 17
BLOCKS = {"resnet50": (3, 4, 6, 3), "resnet101": (3, 4, 23, 3)}


# The formula

def uniform(tensor, shape):
    """float64 of `shape` in [-0.5, 0.5): the upper 24 bits of splitmix64(tensor·2³² + element). Exact in fp32."""
    with np.errstate(over="ignore"):
        z = np.arange(math.prod(shape), dtype=np.uint64) + np.uint64((tensor << 32) + 0x9E3779B97F4A7C15 & 2**64 - 1)
        z = (z ^ z >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ z >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
        z = z ^ z >> np.uint64(31)
    return torch.from_numpy((z >> np.uint64(40)).astype(np.float64) * 2.0**-24 - 0.5).reshape(shape)


def initial(tensor, name, shape):
    """The value of a parameter or running statistic, rounded to fp32.

    Shifts of 1 to 3 before most ReLUs keep their inputs off zero, where rounding in fp32 flips a unit's gradient: with
    standard values a handful of flips in layer4 move gradients by a percent, and no test could be strict.
    """
    u = uniform(tensor, shape)
    if name.endswith("running_mean"):
        u = 0.1 * u
    elif name.endswith("running_var"):
        u = (1 if name.startswith("head") else 10) * (1 + 0.2 * u)
    elif len(shape) > 1:
        u = u * math.sqrt(24 / math.prod(shape[1:]))  # variance 2 / fan-in: a uniform of width 1 has variance 1/12
    elif name in ("head.4.bias", "head.8.bias"):
        u = 0.1 * u
    elif name.endswith("weight"):
        u = (0.4 if ".bn3." in name else 1) + 0.2 * u  # 0.4 tames the residual sums
    elif name.startswith("head") or name == "bn1.bias" or ".bn3." in name:
        u = 0.2 * u
    else:
        u = 2 + 2 * u
    return u.float().double()


def batch(number, size, count, dtype):
    """Images [count, 3, size, size] and targets [count, 17] of batch `number`."""
    x = 4 * uniform(1000 + 2 * number, (count, 3, size, size))
    y = uniform(1001 + 2 * number, (count, LABELS)) > 0.2
    return x.to(dtype), y.to(dtype)


# The network: torchvision's ResNet v1.5 body under its own names, fastai's head without dropout

class Bottleneck(nn.Module):
    def __init__(self, inputs, planes, stride, project):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inputs, planes, 1, bias=False), nn.BatchNorm2d(planes)
        self.conv2, self.bn2 = nn.Conv2d(planes, planes, 3, stride, 1, bias=False), nn.BatchNorm2d(planes)
        self.conv3, self.bn3 = nn.Conv2d(planes, 4 * planes, 1, bias=False), nn.BatchNorm2d(4 * planes)
        if project:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, 4 * planes, 1, stride, bias=False), nn.BatchNorm2d(4 * planes))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return F.relu(y + (self.downsample(x) if hasattr(self, "downsample") else x))


class ConcatPool(nn.Module):
    def forward(self, x):
        return torch.cat([x.amax((2, 3)), x.mean((2, 3))], 1)


class Network(nn.Module):
    def __init__(self, arch):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        inputs = 64
        for number, (planes, blocks) in enumerate(zip((64, 128, 256, 512), BLOCKS[arch]), 1):
            layer = nn.Sequential()
            for block in range(blocks):
                layer.append(Bottleneck(inputs, planes, 2 if block == 0 and number > 1 else 1, block == 0))
                inputs = 4 * planes
            setattr(self, f"layer{number}", layer)
        self.head = nn.Sequential(
            ConcatPool(), nn.Flatten(), nn.BatchNorm1d(4096), nn.Dropout(0), nn.Linear(4096, 512), nn.ReLU(),
            nn.BatchNorm1d(512), nn.Dropout(0), nn.Linear(512, LABELS))

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        return self.head(self.layer4(self.layer3(self.layer2(self.layer1(x)))))


def network(dtype, arch="resnet50"):
    """The network with the formula's values, and its tensor numbers by name: torchvision's order, then the head's."""
    net = Network(arch).to(dtype)
    state = net.state_dict()
    numbers = {name: k for k, name in enumerate(n for n in state if not n.endswith("num_batches_tracked"))}
    for name, k in numbers.items():
        state[name].copy_(initial(k, name, tuple(state[name].shape)))
    return net, numbers


def loss_of(net, x, y):
    return F.binary_cross_entropy_with_logits(net(x), y)


# The optimizer and the schedule: fastai 1.0.61's, on torch >= 1.3

def one_cycle(k, n, lr_max):
    """Learning rate (peak `lr_max`) and β₁ of batch k out of n."""
    def cosine(start, end, p):
        return end + (start - end) / 2 * (1 + math.cos(math.pi * p))
    rise = int(0.3 * n)
    if k <= rise:
        return cosine(lr_max / 25, lr_max, k / rise), cosine(0.95, 0.85, k / rise)
    p = (k - rise) / (n - rise)
    return cosine(lr_max, lr_max / 250_000, p), cosine(0.85, 0.95, p)


def group(name):
    return 2 if name.startswith("head") else 1 if name.startswith(("layer3", "layer4")) else 0


def frozen(name):
    """The body's convolutions; its batch norms keep training."""
    return group(name) < 2 and name.endswith(("conv1.weight", "conv2.weight", "conv3.weight", "downsample.0.weight"))


def ten_steps(dtype, lr_max, freeze, decay):
    """The training losses of ten steps on ten batches, then the evaluation loss on the first batch."""
    net = network(dtype)[0].train()
    trained = [[p for n, p in net.named_parameters() if group(n) == g and not (freeze and frozen(n))] for g in range(3)]
    optimizer = torch.optim.AdamW([{"params": p} for p in trained], weight_decay=decay, eps=1e-8)
    losses = []
    for k in range(10):
        for settings, peak in zip(optimizer.param_groups, lr_max):
            settings["lr"], beta = one_cycle(k, 10, peak)
            settings["betas"] = beta, 0.99
        net.zero_grad()
        loss = loss_of(net, *batch(k, 64, 4, dtype))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    with torch.no_grad():
        return losses, loss_of(net.eval(), *batch(0, 64, 4, dtype)).item()


# The files

def pair(tensor, number):
    """A tensor's 2-norm, and its dot product with `uniform(3000 + number)`, which unlike the norm sees its order."""
    tensor = tensor.double()
    values = tensor.norm().item(), (tensor * uniform(3000 + number, tensor.shape)).sum().item()
    return [float(f"{x:.9g}") for x in values]


def model_values(arch, size, number, dtype):
    """What model.json holds, of `arch` at `size` pixels, on batch `number`."""
    net, numbers = network(dtype, arch)
    x, y = batch(number, size, 4, dtype)
    with torch.no_grad():
        evaluated = net.eval()(x)
    logits = net.train()(x)
    loss = F.binary_cross_entropy_with_logits(logits, y)
    loss.backward()
    state = net.state_dict()

    def rounded(values):
        return [float(f"{v:.9g}") for v in values.double().flatten().tolist()]
    return {
        "arch": arch, "size": size, "batch": 4, "batchNumber": number, "labels": LABELS,
        "tensors": list(numbers),
        "loss": float(f"{loss.item():.9g}"),
        "trainingLogits": rounded(logits.detach()),
        "evaluationLogits": rounded(evaluated),
        "gradients": {n: pair(p.grad, numbers[n]) for n, p in net.named_parameters()},
        "runningStatistics": {n: pair(state[n], k) for n, k in numbers.items() if "running_" in n},
    }


def deviation(a, b):
    """How far fp32 (`b`) is from `a`: loss and logits absolutely, norms and dots in parts of the norm."""
    def entries(key):
        return max(abs(u - v) / a[key][n][0] for n in a[key] for u, v in zip(a[key][n], b[key][n]))

    def logits(key):
        return max(abs(u - v) for u, v in zip(a[key], b[key]))
    return (f"loss {abs(a['loss'] - b['loss']):.1e}, training logits {logits('trainingLogits'):.1e}, evaluation logits "
            f"{logits('evaluationLogits'):.1e}, gradients {entries('gradients'):.1e}, "
            f"running statistics {entries('runningStatistics'):.1e}")


def write_models():
    for name, arch, size, number in (
            ("model", "resnet50", 64, 0), ("model-odd", "resnet50", 80, 3), ("model-resnet101", "resnet101", 64, 0)):
        values = model_values(arch, size, number, torch.float64)
        text = json.dumps(values, indent=0).replace(",\n", ", ").replace("[\n", "[").replace("\n]", "]")
        for key in list(values) + list(values["gradients"]) + list(values["runningStatistics"]):
            text = text.replace(f', "{key}":', f',\n"{key}":')  # one line per entry
        (HERE / f"{name}.json").write_text(text + "\n")
        print(f"{name}.json: fp32 deviates by", deviation(values, model_values(arch, size, number, torch.float32)))


def swift_array(values):
    return "[" + ", ".join(values) + "]"


def write_steps():
    text = """// Written by Tests/ResNetTests/Golden/generate.py; its README says how these numbers are to be reached.

/// Ten steps of PyTorch's AdamW in double precision.
struct TenSteps {
  /// Peak learning rates of the three layer groups.
  let peakRates: [Double]
  /// Whether the body's convolutions stand still.
  let isFrozen: Bool
  /// Three hundred times the recipe's, whose ten steps would be lost in fp32's rounding.
  let weightDecay = 3.0
  /// The training loss of each step, on its own batch.
  let losses: [Double]
  /// The evaluation-mode loss afterwards, on the first step's batch.
  let evaluationLoss: Double

"""
    for name, peaks, freeze in (("unfrozen", [1e-5, 3e-5, 1e-4], False), ("frozen", [1e-4, 1e-4, 1e-3], True)):
        losses, after = ten_steps(torch.float64, peaks, freeze, 3.0)
        rows = [swift_array(f"{x:.8f}" for x in part)[1:-1] for part in (losses[:5], losses[5:])]
        text += f"""  static let {name} = TenSteps(
    peakRates: {swift_array(map(repr, peaks))}, isFrozen: {str(freeze).lower()},
    losses: [
      {rows[0]},
      {rows[1]},
    ],
    evaluationLoss: {after:.8f})
"""
        single, single_after = ten_steps(torch.float32, peaks, freeze, 3.0)
        for k, (a, b) in enumerate(zip(losses + [after], single + [single_after])):
            step = k if k < 10 else "evaluation"
            print(f"{name} {step}: {a:.8f} in fp64, {b:.8f} in fp32, off by {abs(b / a - 1):.0e}")
    (TRAINING / "TenSteps.swift").write_text(text + "}\n")


def write_schedule():
    rows = []
    for k in (0, 1, 9, 17, 18, 19, 20, 39, 58, 59):
        body, middle, head = (one_cycle(k, 60, peak)[0] for peak in (1e-5, math.sqrt(1e-5 * 2e-3), 2e-3))
        rows.append(f"  ({k}, [{body:.10e}, {middle:.10e}, {head:.10e}], {one_cycle(k, 60, 1)[1]:.10f}),\n")
    (HERE.parent.parent / "TestSupport" / "OneCycleTable.swift").write_text(
        "// Written by Tests/ResNetTests/Golden/generate.py.\n\n"
        "/// One cycle over five epochs of twelve steps with fastai's `slice(1e-5, 2e-3)`, whose peaks over three layer\n"
        "/// groups are 1e-5, 1e-5·√200 and 2e-3: step, learning rate per group, β₁.\n"
        "public let oneCycleTable: [(step: Int, rates: [Double], beta1: Double)] = [\n" + "".join(rows) + "]\n")


def check_recipe():
    """The recipe's own vectors: the schedule's worked values over 2530 steps, and loss and metrics of three samples."""
    for k, lr, beta in ((0, 0.0004, 0.95), (1, 0.0004000411175, 0.9499995717), (100, 0.0008053387887, 0.945777721),
                        (379, 0.005190066117, 0.9001034779), (506, 0.0076, 0.875), (759, 0.01, 0.85),
                        (760, 0.009999992133, 0.8500000787), (1518, 0.006112620219, 0.8888739533),
                        (2024, 0.001882583461, 0.9311744901), (2529, 4.786684839e-08, 0.9499999213)):
        found = one_cycle(k, 2530, 0.01)
        assert math.isclose(found[0], lr, rel_tol=1e-9) and math.isclose(found[1], beta, rel_tol=1e-9), (k, found)
    z = torch.tensor([[2, -3, -1.3, 0], [-2, -2, -2, -2], [5, 1, -1.5, -1.2]], dtype=torch.float64)
    y = torch.tensor([[1, 0, 1, 0], [0, 1, 0, 0], [1, 1, 0, 1]], dtype=torch.float64)
    predicted = (z.sigmoid() > 0.2).double()
    hits = (predicted * y).sum(1)
    precision, recall = hits / (predicted.sum(1) + 1e-9), hits / (y.sum(1) + 1e-9)
    f2 = 5 * precision * recall / (4 * precision + recall + 1e-9)
    found = [*f2.tolist(), f2.mean().item(), (predicted == y).double().mean().item(),
             F.binary_cross_entropy_with_logits(z, y).item()]
    for value, expected in zip(found, (0.9090909, 0, 1, 0.6363637, 0.8333333, 0.5751714)):
        assert abs(value - expected) < 1.5e-7, found
    print("recipe's vectors hold: F2, mean F2, accuracy, loss:", *(f"{v:.9f}" for v in found))


if __name__ == "__main__":
    torch.set_num_threads(2)
    TRAINING.mkdir(parents=True, exist_ok=True)
    print("uniform(7)[0..<4]:", uniform(7, (4,)).tolist())
    print("conv1.weight[0..<3]:", network(torch.float32)[0].conv1.weight.flatten()[:3].tolist())
    check_recipe()
    write_schedule()
    write_models()
    write_steps()
