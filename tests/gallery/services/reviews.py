"""Reviews: texts in, the tone of each out. Plain JSON; run as `python reviews.py PORT`."""

from __future__ import annotations

import math
import re
import sys
import unicodedata
import zlib
from typing import Any

from web import Answer, Refused, Request, serve

LABELS = ("negative", "neutral", "positive")
MOST = 64  # texts in one request
LONGEST = 2000  # characters
TONE = {  # word -> what it adds to negative, neutral, positive
    "bad": (2.0, 0.1, -1.5),
    "awful": (2.6, -0.4, -2.0),
    "broken": (1.8, 0.2, -1.0),
    "not": (0.9, 0.0, -0.6),
    "fine": (-0.5, 1.2, 0.4),
    "okay": (-0.4, 1.5, 0.2),
    "good": (-1.2, 0.2, 1.6),
    "lovely": (-1.8, -0.3, 2.4),
    "great": (-1.6, -0.2, 2.2),
}
_WORD = re.compile(r"\w+|[^\w\s]+")  # a word, or a run of signs


def weights(word: str) -> tuple[float, float, float]:
    """What a word adds to each tone; an unknown one adds a little that its CRC-32 decides."""
    known = TONE.get(word)
    if known:
        return known
    number = zlib.crc32(word.encode())
    negative, neutral, positive = (((number >> shift) % 1024) / 1024 - 0.5 for shift in (0, 10, 20))
    return negative, neutral, positive


def tone(text: str) -> dict[str, Any]:
    """Label, probabilities in the order of LABELS, and the word that weighed most."""
    words = _WORD.findall(unicodedata.normalize("NFC", text).casefold())
    logits = [0.1, 0.3, 0.2]
    strongest, most = "", 0.0
    for word in words:
        added = weights(word)
        logits = [logit + add / math.sqrt(len(words)) for logit, add in zip(logits, added)]
        weight = max(added) - min(added)
        if weight > most:
            strongest, most = word, weight
    top = max(logits)
    powers = [math.exp(logit - top) for logit in logits]
    probabilities = [power / sum(powers) for power in powers]
    label = LABELS[probabilities.index(max(probabilities))]
    return {"label": label, "probabilities": probabilities, "strongest": strongest}


def texts_of(request: Request) -> list[str]:
    """The texts of a request."""
    value = request.json()
    if not isinstance(value, dict):
        raise Refused(400, "expected an object")
    if set(value) != {"texts"}:
        raise Refused(400, "expected the member texts and no other")
    texts = value["texts"]
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise Refused(400, "texts: expected a list of strings")
    if not 1 <= len(texts) <= MOST:
        raise Refused(400, f"texts: expected 1 to {MOST} of them")
    if max(map(len, texts)) > LONGEST:
        raise Refused(400, f"texts: expected at most {LONGEST} characters each")
    return texts


def predict(request: Request) -> Answer:
    """POST /predict."""
    texts = texts_of(request)
    rows = [tone(text) for text in texts]
    return Answer(
        {
            "label": [row["label"] for row in rows],
            "probabilities": [row["probabilities"] for row in rows],
            "strongest": [row["strongest"] for row in rows],
        }
    )


def health(request: Request) -> Answer:
    """GET /health."""
    return Answer({"status": "ok"})


def metadata(request: Request) -> Answer:
    """GET /metadata."""
    return Answer({"name": "reviews", "version": "3", "labels": LABELS, "most_texts": MOST})


ROUTES = {
    "/health": {"GET": health},
    "/metadata": {"GET": metadata},
    "/predict": {"POST": predict},
}

if __name__ == "__main__":
    serve(ROUTES, int(sys.argv[1]))
