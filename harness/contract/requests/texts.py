"""Texts that readers, tokenisers and encoders stumble over."""

from __future__ import annotations

PLAIN = ("a plain sentence", "Not bad at all.", "It was too long, and I left", "ok")
TEXTS = (
    "a plain sentence",
    "naïve café, Zürich",
    "日本語のテキスト",
    "שלום עולם, مرحبا بالعالم",
    "it was good 👍🏽 and 👩‍👩‍👧 🏳️‍🌈",
    "",
    " ",
    "line one\nline two\ttab\r\n",
    "bell \x07, escape \x1b[31m, delete \x7f, nothing \x00.",
    "quotes \" ' and \\ backslash",
    "<b>markup</b> & {{braces}} %s ${x}",
    "e\u0301 z\u0335\u0321\u0322a\u0334\u0327l\u0337g\u0336o\u0338 \u202eturned\u202c \ufeff\u200b",
    "𝓶𝓪𝓽𝓱 𐍈 \U0010fffd",
    "NaN",
    "0",
    "-1e999",
    "null",
    "word " * 400,
    "long " * 4000,
)
# Whole sentences from right to left: a rule for a script often waits for a length as well.
RIGHT_TO_LEFT = (
    "كانت الخدمة بطيئة جدا والطعام بارد، ولن نعود إلى هذا المطعم مرة أخرى.",
    "أعجبني الفيلم كثيرا، وسأشاهده مرة ثانية مع جميع أصدقائي في عطلة نهاية الأسبوع.",
    "الهاتف Galaxy S24 ممتاز، great phone والبطارية تدوم طويلا، أنصح به بشدة.",
    "המסעדה הייתה נעימה מאוד, והשירות היה מהיר ואדיב לאורך כל הערב.",
    "این کتاب را با لذت فراوان خواندم و خواندن آن را به همه پیشنهاد می‌کنم.",
    "یہ فون بہت سست ہے اور اس کی بیٹری آدھے دن میں ختم ہو جاتی ہے، not good at all.",
)
# Runs without a blank, of characters that are two units of UTF-16 and four bytes of UTF-8: wherever
# a text is cut, at an odd or, behind the sign, at an even place, one of them is cut in two.
RUNS = (
    "👍" * 8,
    "!" + "😀" * 16,
    "👩‍👩‍👧" * 8,
    "🏳️‍🌈" * 12,
    "😀" * 40,
    "!" + "😀" * 40,
    "🎉" * 130,
    "!" + "🎉" * 130,
)
