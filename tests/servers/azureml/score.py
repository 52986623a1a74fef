"""The entry script of an Azure ML endpoint: probabilities of the species of irises."""

import os
from pathlib import Path

import joblib
import numpy as np
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
from inference_schema.schema_decorators import input_schema, output_schema

MODEL = None


def init():
    global MODEL
    MODEL = joblib.load(Path(os.environ["AZUREML_MODEL_DIR"], "model.joblib"))


@input_schema("data", NumpyParameterType(np.array([[5.1, 3.5, 1.4, 0.2]])))
@output_schema(NumpyParameterType(np.array([[0.9, 0.05, 0.05]])))
def run(data):
    return MODEL.predict_proba(data).tolist()
