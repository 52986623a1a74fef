"""A BentoML service for irises: four measurements in centimetres give three probabilities."""

from typing import Annotated

import bentoml
import joblib
import numpy as np
from bentoml.validators import DType, Shape


@bentoml.service
class Irises:
    """Served at /classify; the parameter's name is the member of the request."""

    def __init__(self):
        self.model = joblib.load("model.joblib")

    @bentoml.api
    def classify(
        self, flowers: Annotated[np.ndarray, Shape((-1, 4)), DType("float64")]
    ) -> Annotated[np.ndarray, Shape((-1, 3)), DType("float64")]:
        return self.model.predict_proba(flowers)
