"""The documented preprocessing in NumPy, compared with deepem's own by src/picking/prepare.test.ts.

Usage: python3 scripts/golden/prepare.py > test/fixtures/prepare.json   (Debian: python3-numpy)
The same steps stand in docs/python.md, for those who run a model in Python.
"""
import json
import math

import numpy as np

WIDTH, HEIGHT, FACTOR = 61, 50, 2.5
BACKGROUND, VARIANCE, LIMIT = 4.0, 8.0, 6.0


def resample(image, factor):
    """Mean over the area that each new pixel covers (factor above 1)."""
    def weights(size):
        count = int(size / factor + 1e-6)
        table = np.zeros((count, size))
        for i in range(count):
            for j in range(int(factor * i), min(size, math.ceil(factor * (i + 1)))):
                table[i, j] = (min(factor * (i + 1), j + 1) - max(factor * i, j)) / factor
        return table
    return weights(image.shape[0]) @ image @ weights(image.shape[1]).T


def blur(image, sigma):
    """Three running means along each axis; beyond the edges the image is reflected."""
    radius = max(0, round((math.sqrt(4 * sigma * sigma + 1) - 1) / 2))
    for axis in (0, 1) * 3:
        r = min(radius, image.shape[axis] - 1)
        pad = [(r, r) if a == axis else (0, 0) for a in (0, 1)]
        padded = np.pad(image, pad, mode='symmetric')
        window = np.lib.stride_tricks.sliding_window_view(padded, 2 * r + 1, axis=axis)
        image = window.mean(axis=-1)
    return image


def prepare(image):
    image = resample(image.astype(np.float64), FACTOR)
    flat = image - blur(image, BACKGROUND)
    floor = 0.1 * np.sqrt((flat ** 2).mean())
    sd = np.maximum(np.sqrt(np.maximum(0, blur(flat ** 2, VARIANCE))), floor)
    return np.clip(flat / sd, -LIMIT, LIMIT)


y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
image = 100 + 0.5 * x + 10 * np.sin(x * 0.7) * np.cos(y * 0.9) + (x * 7 + y * 13) % 5
result = prepare(image)
print(json.dumps({'width': result.shape[1], 'height': result.shape[0], 'values': [float(f'{v:.8g}') for v in result.ravel()]}))
