"""Picks as cryoSPARC keeps them (fields and types after cryosparc-tools' fixtures): test/fixtures/formats/."""

import numpy as np

FIELDS = [
    ("uid", "<u8"),
    ("location/micrograph_uid", "<u8"),
    ("location/exp_group_id", "<u4"),
    ("location/micrograph_path", "S64"),
    ("location/micrograph_shape", "<u4", (2,)),
    ("location/center_x_frac", "<f4"),
    ("location/center_y_frac", "<f4"),
    ("location/micrograph_psize_A", "<f4"),
    ("location/min_dist_A", "<f4"),
    ("pick_stats/ncc_score", "<f4"),
    ("pick_stats/angle_rad", "<f4"),
]
ROWS, COLUMNS = 4092, 5760
PICKS = [("a", 100.0, 2000.0, 0.5), ("a", 5700.5, 10.25, 0.25), ("b.c d", 0.0, 4091.0, 1.0)]

picks = np.zeros(len(PICKS), dtype=FIELDS)
for row, (name, x, y, score) in zip(picks, PICKS):
    row["location/micrograph_path"] = f"J2/motioncorrected/008578512345678901_{name}.mrc"
    row["location/micrograph_shape"] = (ROWS, COLUMNS)
    row["location/center_x_frac"] = x / COLUMNS
    row["location/center_y_frac"] = y / ROWS
    row["pick_stats/ncc_score"] = score
with open("test/fixtures/formats/picked_particles.cs", "wb") as file:
    np.save(file, picks)

types = np.zeros(2, dtype=[("u", "<U3"), ("b", ">i2"), ("l", "<f8", (2, 2)), ("t", "?")])
types["u"] = ["\u00e5bc", ""]
types["b"] = [-2, 3]
types["l"][1, 1] = (4.5, -5.5)
types["t"] = [True, False]
np.save("test/fixtures/formats/types.npy", types)
