"""Writes a seed folder of made-up articles, the same ones every time, and searches that fit them.

    articles.py CLINIC_YAML COUNT FOLDER

FOLDER gets clinic.yaml, articles/*.md and queries.txt. Words are drawn with Zipf's distribution out of function words,
health words and several thousand that are made up, so that some searches find a third of the articles and others a few.
"""

import itertools
import random
import shutil
import sys
from datetime import datetime, timedelta
from pathlib import Path

FUNCTION_WORDS = """the of and to a in is that it for as with be on are this by not or an at from can have but they you
which their more will one has when your who there may if about other all these some what so people them many time""".split()
HEALTH_WORDS = """medication anxiety sleep therapy treatment depression appointment stress family recovery symptom support
counselling worry breathing exercise mood panic doctor nurse dosage side effect diagnosis trauma grief memory attention
anger addiction relapse habit nutrition pain fatigue insomnia session clinician prescription psychiatrist psychologist
mindfulness relaxation confidence loneliness burnout bipolar disorder crisis hospital referral insurance adolescent
caregiver conversation routine walking daylight caffeine alcohol nightmare phobia obsession compulsion medicine""".split()
TAGS = ["medication", "therapy", "sleep", "anxiety", "family", "self-care", "treatment", "recovery"]
VOCABULARY, WORDS_IN_BODY = 6000, 400

random.seed(20)  # The same articles every time.


def vocabulary():
    """Words by rank, the commonest first: function words, then health words among the made-up ones."""
    syllables = [c + v for c in "b d f g k l m n p r s t v br cl dr gr pl st tr".split() for v in "a e i o u ai ou".split()]
    made_up = set()
    while len(made_up) < VOCABULARY:
        made_up.add("".join(random.choices(syllables, k=random.randint(2, 4))) + random.choice(["", "n", "r", "s", "l"]))
    words = sorted(made_up)
    random.shuffle(words)
    for word in HEALTH_WORDS:
        words.insert(random.randrange(500), word)
    return FUNCTION_WORDS + words, words


def queries(content):
    """As people search: whole words, two or three of them, and words that are still being typed."""
    for _ in range(400):
        word = random.choice(HEALTH_WORDS) if random.random() < 0.7 else random.choice(content[:4000])
        yield random.choice([
            word,
            word[:random.randint(3, max(3, len(word) - 1))],
            f"{random.choice(HEALTH_WORDS)} {word}",
            f"{random.choice(HEALTH_WORDS)} {word[:4]}",
            f"{random.choice(HEALTH_WORDS)} {random.choice(HEALTH_WORDS)} {word}",
        ])


def article(number, draw, draw_content):
    published = datetime(2026, 1, 1) - timedelta(hours=number)
    title = " ".join(draw_content(random.randint(3, 6))).capitalize()
    slug = f"{title.lower().replace(' ', '-')[:50].rstrip('-')}-{number}"
    words = iter(draw(WORDS_IN_BODY))
    paragraphs = [f"## {' '.join(draw_content(3)).capitalize()}" if i % 3 == 0 else
                  " ".join(itertools.islice(words, 60)).capitalize() + "." for i in range(WORDS_IN_BODY // 40)]
    return slug, "\n".join([
        "---",
        f"title: {title}",
        f"slug: {slug}",
        f"summary: {' '.join(draw(16)).capitalize()}.",
        f"tags: [{', '.join(random.sample(TAGS, 2))}]",
        f"published: {published:%Y-%m-%dT%H:%M:%SZ}",
        "---",
        "\n\n".join(paragraphs),
        "",
    ])


def main(clinic, count, folder):
    words, content = vocabulary()

    def zipf(choices):
        weights = list(itertools.accumulate(1 / rank for rank in range(1, len(choices) + 1)))
        return lambda k: random.choices(choices, cum_weights=weights, k=k)

    articles = Path(folder, "articles")
    articles.mkdir(parents=True)
    shutil.copy(clinic, folder)
    Path(folder, "queries.txt").write_text("\n".join(queries(content)) + "\n")
    draw, draw_content = zipf(words), zipf(content)
    for number in range(int(count)):
        slug, text = article(number, draw, draw_content)
        (articles / f"{slug}.md").write_text(text)


main(*sys.argv[1:])
