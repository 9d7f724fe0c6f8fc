"""Writes the files beside it. Needs: pip install torch==2.13.0 safetensors==0.5.3 numpy

Every tensor named T of n elements holds 0.5*i - 3 for i in range(n), numbers that each format represents exactly, so the
tests need no second copy of the values.
"""
import io
import json
import os
import struct
import zlib
from collections import OrderedDict

import torch
from safetensors.torch import save_file

os.chdir(os.path.dirname(os.path.abspath(__file__)))


def ramp(*shape, dtype=torch.float32):
    count = torch.Size(shape).numel()
    return (torch.arange(count, dtype=torch.float64) * 0.5 - 3).reshape(shape).to(dtype)


def formats():
    return OrderedDict(
        float=ramp(2, 3), half=ramp(7, dtype=torch.half), bfloat=ramp(3, 1, 2, dtype=torch.bfloat16),
        double=ramp(5, dtype=torch.double), scalar=ramp(), empty=ramp(0, 4),
        steps=torch.tensor(7), bytes=torch.tensor([1, 2, 3], dtype=torch.uint8))


def views():
    """Tensors that are not simply their storage."""
    shared = ramp(12)
    tensors = formats()
    tensors.update(
        transposed=ramp(2, 3).t().contiguous().t(),  # the values of ramp(2, 3), strides [1, 2]
        channels_last=ramp(2, 3, 2, 2).contiguous(memory_format=torch.channels_last),
        whole=shared, part=shared[4:10].view(2, 3), column=shared.view(4, 3)[:, 1],
        expanded=torch.tensor([2.5]).expand(3), parameter=torch.nn.Parameter(ramp(3)))
    return tensors


def safetensors_by_definition(path, tensors, metadata):
    """The bytes that SafeTensors.write must produce, from the format's definition alone."""
    header = {"__metadata__": {"checksum": "crc32:00000000", **dict(sorted(metadata.items()))}}
    data = b""
    for name, tensor in tensors.items():
        values = struct.pack(f"<{tensor.numel()}f", *tensor.flatten().tolist())
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(values)]}
        data += values
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    content = struct.pack("<Q", len(text)) + text + data
    content = content.replace(b"crc32:00000000", b"crc32:%08x" % zlib.crc32(content), 1)
    with open(path, "wb") as file:
        file.write(content)


torch.manual_seed(0)
network = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3, bias=False), torch.nn.BatchNorm2d(2))
with torch.no_grad():
    for tensor in network.state_dict().values():
        if tensor.is_floating_point():
            tensor.copy_(ramp(*tensor.shape))
optimizer = torch.optim.Adam(network.parameters())
network(torch.zeros(1, 1, 4, 4)).sum().backward()
optimizer.step()
with torch.no_grad():
    for tensor in network.state_dict().values():
        if tensor.is_floating_point():
            tensor.copy_(ramp(*tensor.shape))

legacy = dict(_use_new_zipfile_serialization=False)
save_file(formats(), "official.safetensors", metadata={"format": "pt"})
safetensors_by_definition(
    "ours.safetensors", OrderedDict(b=ramp(2, 3), a=ramp(), c=ramp(0)),
    {"labels": 'clear "sky"\\ \u00e9\u2603', "size": "128"})
torch.save(views(), "zip.pth")
torch.save(views(), "legacy.pth", **legacy)
torch.save(views(), "zip-protocol4.pth", pickle_protocol=4)
torch.save(views(), "legacy-protocol4.pth", pickle_protocol=4, **legacy)
torch.save(network.state_dict(), "network.pth", **legacy)
torch.save({"model": network.state_dict(), "opt": optimizer.state_dict()}, "fastai.pth")
torch.save({"epoch": 3, "arch": "tiny", "state_dict": network.state_dict()}, "wrapped.pth", **legacy)
