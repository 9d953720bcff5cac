"""Seeded picks and truth, scored by the independent scorer, for src/evaluation/evaluate.test.ts.

Usage: python3 scripts/golden/evaluation.py > test/fixtures/evaluation.json   (needs ../shared/tools/score.py; NumPy, SciPy)
"""
import json
import sys

import numpy as np

sys.path.insert(0, '../shared/tools')
import score  # noqa: E402

RADIUS, SIZE, EDGE, THRESHOLD = 20, (500, 400), 30, 0.5
random = np.random.default_rng(7)
truth, picks = {}, {}
for name in ('a', 'b', 'empty truth', 'no picks'):
    centres = random.uniform(0, 1, (0 if name == 'empty truth' else 40, 2)) * SIZE
    near = centres[: int(len(centres) * 0.8)] + random.normal(0, 8, (int(len(centres) * 0.8), 2))
    false = random.uniform(0, 1, (25, 2)) * SIZE
    scores = np.concatenate([random.beta(5, 2, len(near)), random.beta(2, 4, len(false))]).round(2)
    truth[name] = centres.round(2).tolist()
    picks[name] = [] if name == 'no picks' else np.column_stack([np.concatenate([near, false]).round(2), scores]).tolist()
rows = {name: [[x, y, 1.0] for x, y in values] for name, values in truth.items()}
cases = [{'edge': 0, 'result': score.score(rows, picks, RADIUS, None, 0, THRESHOLD)},
         {'edge': EDGE, 'result': score.score(rows, picks, RADIUS, SIZE, EDGE, THRESHOLD)}]
print(json.dumps({'radius': RADIUS, 'size': SIZE, 'threshold': THRESHOLD, 'truth': truth, 'picks': picks, 'cases': cases}))
