"""One gradient of a network with dilated kernels and residual additions in PyTorch (float64), for src/network/gradient-graph.test.ts.

Usage: python3 scripts/golden/residual.py > test/fixtures/residual.json   (Debian: python3-torch 1.13)
The network is RESIDUAL of src/testing/architectures.ts; boxes and weights come from `noise`, which the test has too.
"""
import json

import torch
import torch.nn.functional as F

from training import noise_tensor, rounded

BATCH, BOX, MAPS = 8, 26, 5
LAYERS = [  # weight groups in order: name, shape
    ('conv1', (MAPS, 1, 3, 3)), ('bias1', (MAPS,)), ('conv2', (MAPS, MAPS, 3, 3)), ('bias2', (MAPS,)),
    ('scale', (MAPS,)), ('shift', (MAPS,)), ('conv3', (MAPS, MAPS, 3, 3)), ('bias3', (MAPS,)),
    ('fc', (1, MAPS * 6 * 6)), ('bias4', (1,)),
]


def middle(x, like):
    crop = (x.shape[-1] - like.shape[-1]) // 2
    return x if crop == 0 else x[:, :, crop:-crop, crop:-crop]


def forward(parameters, boxes):
    conv1, bias1, conv2, bias2, scale, shift, conv3, bias3, fc, bias4 = parameters
    first = F.conv2d(boxes, conv1, bias1)
    pooled = F.avg_pool2d(F.relu(first) + first, 2)
    x = F.conv2d(pooled, conv2, bias2, dilation=2)
    mean, variance = x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False)
    x = (x - mean[None, :, None, None]) / torch.sqrt(variance + 1e-5)[None, :, None, None]
    x = x * scale[None, :, None, None] + shift[None, :, None, None]
    eighth = F.leaky_relu(x + middle(pooled, x), 0.1)
    x = F.conv2d(eighth, conv3, bias3)
    x = x + middle(eighth, x)
    x = x + middle(pooled, x)
    return F.linear(x.flatten(1), fc, bias4)


def start():
    parameters, at = [], 1_000_000
    for name, shape in LAYERS:
        scale, offset = (0.2, 1.0) if name == 'scale' else (0.2, 0.0)
        parameters.append(noise_tensor(at, shape, scale, offset).requires_grad_())
        at += torch.Size(shape).numel()
    return parameters


parameters = start()
targets = torch.tensor([[float(i % 2)] for i in range(BATCH)], dtype=torch.float64)
logits = forward(parameters, noise_tensor(0, (BATCH, 1, BOX, BOX)))
loss = F.binary_cross_entropy_with_logits(logits, targets)
loss.backward()
print(json.dumps(rounded({
    'torch': str(torch.__version__),
    'loss': loss.item(),
    'logits': logits.flatten().tolist(),
    'gradient': torch.cat([p.grad.flatten() for p in parameters]).tolist(),
})))
