"""Writes Scores.swift: scikit-learn's scores of made-up predictions.

    pip install scikit-learn==1.9.1 numpy==2.4.6
    python3 scores.py
"""

import pathlib

import numpy as np
from sklearn.calibration import calibration_curve
from sklearn.metrics import average_precision_score, brier_score_loss, precision_recall_fscore_support
import sklearn

IMAGES, LABELS, THRESHOLD = 120, 6, 0.25

# ScoresTests.swift has the same formulas. Label 4 is nobody's, label 5 is never predicted, and probabilities are
# sixty-fourths, so that many are equal and some stand on the edge of a bin or at the threshold.
i, l = np.meshgrid(np.arange(IMAGES), np.arange(LABELS), indexing="ij")
y = ((i * i * 7 + i * l * 3 + l) % 23 < np.array([13, 8, 5, 2, 0, 6])[l]).astype(int)
p = np.where(l == 5, 9 + i % 7, 13 * y + (i * 53 + l * 29 + i * l * 7) % 45) / 64

applicable = y.sum(0) > 0
predicted = (p > THRESHOLD).astype(int)
precision, recall, f2, support = precision_recall_fscore_support(y, predicted, beta=2, zero_division=0)
ap = [average_precision_score(y[:, k], p[:, k]) if applicable[k] else None for k in range(LABELS)]
micro = precision_recall_fscore_support(y, predicted, beta=2, average="micro")[2]

flat, truth = p.ravel(), y.ravel()
fraction, mean = calibration_curve(truth, flat, n_bins=10)
counts = np.bincount(np.searchsorted(np.linspace(0, 1, 11)[1:-1], flat), minlength=10)
assert (counts > 0).sum() == len(mean)
ece = np.sum(counts[counts > 0] * np.abs(fraction - mean)) / flat.size


def swift(values):
    return "[" + ", ".join("nil" if v is None else repr(float(v)) for v in values) + "]"


def only(values):
    return [v if ok else None for v, ok in zip(values, applicable)]


pathlib.Path(__file__).with_name("Scores.swift").write_text(f"""// Written by scores.py with scikit-learn {sklearn.__version__}.

enum Scores {{
  static let support = {[int(s) for s in support]}
  static let precision: [Double?] = {swift(only(precision))}
  static let recall: [Double?] = {swift(only(recall))}
  static let f2: [Double?] = {swift(only(f2))}
  static let averagePrecision: [Double?] = {swift(ap)}
  static let microF2 = {float(micro)!r}
  static let macroF2 = {float(np.mean(f2[applicable]))!r}
  static let binCounts = {counts.tolist()}
  /// Of the bins that are not empty.
  static let binMeans = {swift(mean)}
  static let binFractions = {swift(fraction)}
  static let expectedCalibrationError = {float(ece)!r}
  static let brierScore = {float(brier_score_loss(truth, flat))!r}
}}
""")
