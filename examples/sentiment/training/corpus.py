"""Labelled reviews: a hundred written by hand, and as many as are wanted made from phrases."""

from __future__ import annotations

import random
from pathlib import Path

Review = tuple[str, int]  # text, 1 for positive

_HAND_WRITTEN = Path(__file__).with_name("reviews.tsv")

_NOUNS = (
    "film plot ending cast music book story style hotel room bed breakfast view garden staff "
    "service waiter soup bread coffee dessert menu phone screen battery sound keyboard lamp chair "
    "bicycle tent jacket shop course teacher museum tour concert train cabin"
).split()
_GOOD = (
    "good great lovely superb excellent wonderful brilliant charming delightful splendid perfect "
    "fresh friendly clever impressive delicious comfortable beautiful fine pleasant"
).split()
_BAD = (
    "bad awful terrible dreadful poor horrible boring dull dirty rude broken cheap stale noisy "
    "miserable disappointing clumsy ugly useless unpleasant"
).split()
_PRAISE = (
    "i would come back", "i recommend it", "we loved it", "it made my day", "worth every penny",
    "i am very happy with it", "we enjoyed every minute", "i would buy it again",
)
_BLAME = (
    "i will not return", "i cannot recommend it", "we hated it", "it ruined my day",
    "a waste of money", "i am very unhappy with it", "we regretted every minute",
    "i want my money back",
)
_OPENERS = (
    "", "", "honestly, ", "to be fair, ", "well, ", "last week: ", "in short, ", "all in all, ",
)
_VERY = ("", "", "very ", "really ", "quite ", "so ")
_TYPO = 0.04  # share of words with one letter lost: people write in a hurry


def hand_written() -> list[Review]:
    """The reviews of reviews.tsv."""
    lines = _HAND_WRITTEN.read_text(encoding="utf-8").splitlines()
    return [(text, int(label)) for label, text in (line.split("\t", 1) for line in lines)]


def generate(count: int, seed: int) -> list[Review]:
    """`count` reviews made from phrases, half of them positive; equal seeds give equal reviews."""
    dice = random.Random(seed)
    return [(_typos(_sentence(dice, index % 2), dice), index % 2) for index in range(count)]


def _sentence(dice: random.Random, label: int) -> str:
    """One review; `own` words speak for the label, `other` ones against it."""
    own, other = (_GOOD, _BAD) if label else (_BAD, _GOOD)
    closing = dice.choice(_PRAISE if label else _BLAME)
    first, second = dice.sample(_NOUNS, 2)
    word, very, against = dice.choice(own), dice.choice(_VERY), dice.choice(other)
    form = dice.choice((
        f"the {first} was {very}{word}.",
        f"the {first} was {very}{word} and the {second} was {dice.choice(own)}.",
        f"{very}{word} {first}, {closing}.",
        f"the {first} was not {against} at all.",
        f"not a {against} {first}, {closing}.",
        f"the {first} was {against}, but the {second} was {very}{word} and {closing}.",
        f"what a {word} {first}! {closing}.",
        f"the {first} is {word}; {closing}.",
    ))
    return dice.choice(_OPENERS) + form


def _typos(text: str, dice: random.Random) -> str:
    return " ".join(
        _without_a_letter(word, dice) if dice.random() < _TYPO else word for word in text.split(" ")
    )


def _without_a_letter(word: str, dice: random.Random) -> str:
    at = dice.randrange(max(len(word), 1))
    return word[:at] + word[at + 1:]
