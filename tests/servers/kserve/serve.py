"""A KServe model server for images of digits, 8 x 8 pixels from 0 to 16, in both protocols."""

import argparse

import joblib
import numpy as np
from kserve import InferOutput, InferResponse, Model, ModelServer, model_server
from kserve.errors import InvalidInput
from kserve.utils.utils import generate_uuid, get_predict_input


class Digits(Model):
    """Probabilities of the ten digits, and the likeliest."""

    def load(self):
        self.model = joblib.load("model.joblib")
        self.ready = True
        return self.ready

    def get_input_types(self):
        return [{"name": "pixels", "datatype": "FP32", "shape": [-1, 8, 8]}]

    def get_output_types(self):
        return [
            {"name": "probabilities", "datatype": "FP64", "shape": [-1, 10]},
            {"name": "digit", "datatype": "INT64", "shape": [-1]},
        ]

    def predict(self, payload, headers=None, response_headers=None):
        pixels = np.asarray(get_predict_input(payload))
        if pixels.shape[1:] != (8, 8) or not len(pixels) or pixels.dtype.kind not in "fiu":
            raise InvalidInput(f"expected images of shape [n, 8, 8], got {list(pixels.shape)}")
        probabilities = self.model.predict_proba(pixels.reshape(len(pixels), 64))
        if isinstance(payload, dict):
            return {"predictions": probabilities.tolist()}
        return self._respond(payload, probabilities)

    def _respond(self, request, probabilities):
        outputs = []
        for name, array, datatype in (
            ("probabilities", probabilities, "FP64"),
            ("digit", probabilities.argmax(1), "INT64"),
        ):
            output = InferOutput(name, list(array.shape), datatype)
            output.set_data_from_numpy(array, binary_data=request.use_binary_outputs)
            outputs.append(output)
        return InferResponse(
            response_id=request.id or generate_uuid(),
            model_name=self.name,
            infer_outputs=outputs,
            use_binary_outputs=request.use_binary_outputs,
            requested_outputs=request.request_outputs,
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(parents=[model_server.parser])
    arguments, _ = parser.parse_known_args()
    digits = Digits(arguments.model_name)
    digits.load()
    ModelServer().start([digits])
