"""Trains a classifier of irises and saves it as an MLflow model with its signature."""

import mlflow.sklearn
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

flowers, species = load_iris(return_X_y=True, as_frame=True)
model = LogisticRegression(max_iter=500, random_state=0).fit(flowers, species)
signature = infer_signature(flowers, model.predict(flowers))
mlflow.sklearn.save_model(model, "model", signature=signature, pip_requirements=[])
