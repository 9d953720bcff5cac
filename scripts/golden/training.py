"""Ten training steps in PyTorch (float64), replayed by src/network/gradient-graph.test.ts.

Usage: python3 scripts/golden/training.py > test/fixtures/training.json   (Debian: python3-torch 1.13)
Boxes, targets and starting weights come from `noise`, which the test has too, so that only results are stored.
"""
import json
import math

import torch
import torch.nn.functional as F

BATCH, BOX, STEPS = 8, 24, 10
LAYERS = [  # weight groups in order: name, shape
    ('conv1', (6, 1, 5, 5)), ('bias1', (6,)), ('scale', (6,)), ('shift', (6,)),
    ('conv2', (8, 6, 3, 3)), ('bias2', (8,)), ('fc', (1, 8 * 4 * 4)), ('bias3', (1,)),
]


def noise(start, count):
    """Repeatable numbers in -1..1."""
    return [2 * (math.sin((start + i) * 12.9898 + 78.233) * 43758.5453 % 1) - 1 for i in range(count)]


def noise_tensor(start, shape, scale=1.0, offset=0.0):
    count = math.prod(shape)
    values = torch.tensor(noise(start, count), dtype=torch.float64).to(torch.float32).to(torch.float64)
    return (values * scale + offset).to(torch.float32).to(torch.float64).reshape(shape)


def start():
    parameters, at = [], 1_000_000
    for name, shape in LAYERS:
        scale, offset = (0.2, 1.0) if name == 'scale' else (0.2, 0.0)
        parameters.append(noise_tensor(at, shape, scale, offset).requires_grad_())
        at += math.prod(shape)
    return parameters


def forward(parameters, boxes, mask):
    conv1, bias1, scale, shift, conv2, bias2, fc, bias3 = parameters
    x = F.conv2d(boxes, conv1, bias1)
    mean = x.mean((0, 2, 3))
    variance = x.var((0, 2, 3), unbiased=False)
    x = (x - mean[None, :, None, None]) / torch.sqrt(variance + 1e-5)[None, :, None, None]
    x = F.avg_pool2d(F.relu(x * scale[None, :, None, None] + shift[None, :, None, None]), 2)
    x = F.max_pool2d(F.leaky_relu(F.conv2d(x, conv2, bias2), 0.1), 2)
    x = torch.sigmoid(x * mask)
    return F.linear(x.flatten(1), fc, bias3), mean, variance


def replay(loss_name):
    parameters = start()
    if loss_name == 'squared-error':
        optimiser = torch.optim.SGD(parameters, lr=0.5)
    else:
        optimiser = torch.optim.AdamW(parameters, lr=0.01, weight_decay=0.05)
    mask = torch.where(noise_tensor(5_000_000, (BATCH, 8, 4, 4)) < -0.5, 0.0, 1 / 0.75).to(torch.float64)
    result = {'losses': []}
    for step in range(STEPS):
        boxes = noise_tensor(10_000 * step, (BATCH, 1, BOX, BOX))
        targets = torch.tensor([[float((i + step) % 2)] for i in range(BATCH)], dtype=torch.float64)
        logits, mean, variance = forward(parameters, boxes, mask)
        if loss_name == 'squared-error':
            loss = 0.5 * ((torch.sigmoid(logits) - targets) ** 2).mean()
        else:
            loss = F.binary_cross_entropy_with_logits(logits, targets)
        optimiser.zero_grad()
        loss.backward()
        result['losses'].append(loss.item())
        if step == 0:
            result['gradient'] = torch.cat([p.grad.flatten() for p in parameters]).tolist()
            result['logits'] = logits.flatten().tolist()
            result['statistics'] = torch.cat([mean, variance]).tolist()
        optimiser.step()
    result['weights'] = torch.cat([p.detach().flatten() for p in parameters]).tolist()
    return result


def rounded(value):
    if isinstance(value, dict):
        return {k: rounded(v) for k, v in value.items()}
    if isinstance(value, list):
        return [rounded(v) for v in value]
    return value if isinstance(value, str) else float(f'{value:.9g}')


if __name__ == '__main__':
    print(json.dumps(rounded({'torch': str(torch.__version__), **{name: replay(name) for name in ('squared-error', 'cross-entropy')}})))
