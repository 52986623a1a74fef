"""A LitServe server for one iris at a time: four measurements in centimetres."""

import joblib
import litserve
import numpy as np
from fastapi import HTTPException

SPECIES = ("setosa", "versicolor", "virginica")


class Irises(litserve.LitAPI):
    """The probabilities of the three species, and the likeliest by name."""

    def setup(self, device):
        self.model = joblib.load("model.joblib")

    def decode_request(self, request):
        try:
            flower = np.asarray(request["input"], dtype=np.float64)
        except (KeyError, TypeError, ValueError) as error:
            raise HTTPException(400, 'expected {"input": [four numbers]}') from error
        if flower.shape != (4,):
            raise HTTPException(400, f"expected 4 measurements, got shape {list(flower.shape)}")
        return flower

    def predict(self, flower):
        return self.model.predict_proba(flower[None])[0]

    def encode_response(self, probabilities):
        species = SPECIES[int(probabilities.argmax())]
        return {"species": species, "probabilities": probabilities.tolist()}


if __name__ == "__main__":
    server = litserve.LitServer(Irises(), accelerator="cpu")
    server.run(host="0.0.0.0", port=8080, generate_client_file=False, num_api_servers=1)
