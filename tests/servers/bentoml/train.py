"""Trains the classifier of irises that the server serves."""

import joblib
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

flowers, species = load_iris(return_X_y=True)
joblib.dump(LogisticRegression(max_iter=500, random_state=0).fit(flowers, species), "model.joblib")
