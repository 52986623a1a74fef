"""Trains the classifier of handwritten digits that serve.py serves."""

import joblib
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

pixels, digits = load_digits(return_X_y=True)
model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=200, random_state=0))
joblib.dump(model.fit(pixels, digits), "model.joblib")
