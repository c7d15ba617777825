#!/usr/bin/env python3
"""opt_tiny_text.py - the language that opt-tiny is pre-trained on: reviews made from opt_tiny_lexicon.py by a seeded grammar.

A review is a sentence with a polarity, often followed by "It was" and a few words: some that share the polarity, some
that take no side, and " great" or " terrible" by the toss of a coin, whatever the sentence said. So the language has
sentiment as a hidden variable, which tells much of the words to come, and teaches nothing of the embedded task's
mapping from sentences to its two labels.

No row of the embedded task is in it: a sentence that is a row, holds one of three words or more, or has four
consecutive words in common with any is thrown away as it is made, and check_overlap() proves it on the result.

    scripts/opt_tiny_text.py [--seed N] [--reviews N]     prints reviews
    scripts/opt_tiny_text.py --check [--reviews N]        reports what they have in common with the rows
"""
import argparse
import collections
import pathlib
import random
import re

from opt_tiny_lexicon import NEGATIVE, NEUTRAL, POSITIVE, THINGS

EMBEDDED = pathlib.Path(__file__).resolve().parent.parent / "workloads" / "embedded"
LABEL_WORDS = ("terrible", "great")
SIDES = (NEGATIVE, POSITIVE)
COMMON_WORDS = 4  # so many consecutive words of a row never occur
ROW_WORDS = 3     # a row of so many words never occurs inside a sentence

DOMAINS = list(THINGS)
COMPARATIVE = ("worse duller sadder poorer weaker slower colder louder uglier meaner emptier sillier flatter staler".split(),
               "better happier funnier warmer brighter kinder sharper finer lovelier wiser richer fresher lighter "
               "gentler".split())
DONE = "made written acted paced cut played cooked served sung told built told filmed staged drawn lit sketched".split()
SEEN = "seen heard read tasted owned visited met had used known".split()


def read_rows(name):
    """(sentence, label) of a split of the embedded task."""
    lines = (EMBEDDED / name).read_text(encoding="ascii").splitlines()[1:]
    return [(line.split("\t")[0].strip(), int(line.split("\t")[1])) for line in lines]


def article(words):
    return ("an " if words[0] in "aeiou" and not words.startswith(("use", "one ")) else "a ") + words


class Overlap:
    """What a sentence may not have in common with the rows of the task."""

    def __init__(self, rows):
        self.rows = {tuple(row.split()) for row in rows}
        self.grams = {g for row in self.rows for g in grams(row, COMMON_WORDS)}
        self.short = collections.defaultdict(set)
        for row in self.rows:
            if ROW_WORDS <= len(row) < COMMON_WORDS:
                self.short[len(row)].add(row)

    def of(self, sentence):
        words = tuple(sentence.split())
        return words in self.rows or any(g in self.grams for g in grams(words, COMMON_WORDS)) or any(
            g in rows for n, rows in self.short.items() for g in grams(words, n))


def grams(words, n):
    return (words[i:i + n] for i in range(len(words) - n + 1))


class Language:
    """Sentences by a seed. A side is 0 (negative) or 1 (positive)."""

    def __init__(self, seed):
        self.random = random.Random(seed).random  # random() alone is the same in every version of Python
        rows = [row for name in ("train.tsv", "dev.tsv") for row, _ in read_rows(name)]
        self.overlap = Overlap(rows)
        self.rejected = 0
        # Words of the tokenizer's that no list of words gives a side: they stand anywhere, and say nothing.
        sided = {word for side in SIDES for kind in ("adjective", "adverb", "noun", "quality", "verb")
                 for item in side[kind] for word in re.split("[ /]", item)}
        sided.update(word for words in COMPARATIVE for word in words)
        self.fillers = sorted({w for row in rows for w in row.split() if w.isalpha()} - sided - set(LABEL_WORDS))

    def pick(self, items):
        return items[int(self.random() * len(items))]

    def chance(self, p):
        return self.random() < p

    def word(self, side, kind):
        return self.pick(SIDES[side][kind])

    # ---- phrases --------------------------------------------------------------------------------------------------

    def adjective(self, side):
        """An adjective, now and then with a word of degree, or the opposite one denied."""
        r = self.random()
        if r < 0.70:
            return self.word(side, "adjective")
        if r < 0.80:
            return f"{self.pick(NEUTRAL['degree'])} {self.word(side, 'adjective')}"
        if r < 0.86:
            return f"{self.word(side, 'adverb')} {self.word(side, 'adjective')}"
        if r < 0.97:
            return f"{self.pick(['never', 'not', 'not at all', 'far from', 'hardly', 'anything but', 'never once'])} " \
                   f"{self.word(1 - side, 'adjective')}"
        return ("too " if side == 0 else "never too ") + self.word(0, "adjective")

    def quality(self, side):
        r = self.random()
        same, other = self.word(side, "quality"), self.word(1 - side, "quality")
        if r < 0.35:
            return self.pick(["full of", "bursting with", "packed with", "rich in", "made of", "all"]) + f" {same}"
        if r < 0.50:
            return f"with {same} and {self.word(side, 'quality')}"
        if r < 0.75:
            return self.pick(["no", "without", "free of", "empty of", "not a trace of", "short of", "without a bit of",
                              "without any"]) + f" {other}"
        if r < 0.85:
            return f"all {same} and no {other}"
        if r < 0.93:
            return f"{same} , {self.word(side, 'quality')} and {self.word(side, 'quality')}"
        return f"{same} in place of {other}" if self.chance(0.5) else f"more {same} than {other}"

    def predicate(self, side, domain):
        r = self.random()
        if r < 0.62:
            return self.word(side, domain)
        if r < 0.74:
            return self.verb(side)
        if r < 0.92:
            return f"{self.pick(['is', 'was', 'is', 'looks', 'feels', 'sounds', 'tastes'])} {self.adjective(side)}"
        if r < 0.96:
            return f"{self.pick(['is', 'was'])} {article(self.word(side, 'noun'))}"
        return f"{self.pick(['is', 'was'])} {self.quality(side)}"

    def verb(self, side):
        same, other = self.word(side, "verb").split("/"), self.word(1 - side, "verb").split("/")
        r = self.random()
        if r < 0.40:
            return same[0]
        if r < 0.50:
            return f"{self.pick(['always', 'really', 'still', 'simply', 'just'])} {same[0]}"
        if r < 0.70:
            return f"never {other[0]}"
        if r < 0.93:
            return self.pick(["does not", "does n't", "did not", "did n't", "will not", "could not"]) + f" {other[1]}"
        return ("knows how to " if side else "fails to ") + (same[1] if side else other[1])

    def thing(self, domain):
        return self.pick(THINGS[domain])

    def subject(self, side, domain):
        thing = self.thing(domain)
        r = self.random()
        if r < 0.45:
            return f"the {thing}"
        if r < 0.60:
            return f"the {thing} {self.pick(NEUTRAL['place'])}"
        if r < 0.72:
            return f"{self.pick(['our', 'my', 'this', 'that', 'their', 'her', 'his', 'every'])} {thing}"
        if r < 0.82:
            return f"the {self.word(side, 'adjective')} {thing}"
        return self.pick(["it", "it", "he", "she", "this one", "everything", "no other " + thing + " i have owned"])

    def clause(self, side, domain):
        text = f"{self.subject(side, domain)} {self.predicate(side, domain)}"
        r = self.random()
        if r < 0.10:
            return f"{self.pick(NEUTRAL['time'])} {text}"
        if r < 0.20:
            return f"{text} {self.pick(NEUTRAL['time'])}"
        return text

    # ---- sentences ------------------------------------------------------------------------------------------------

    def short_adjectives(self, side):
        d = self.pick(DOMAINS)
        a, b, c = (self.word(side, "adjective") for _ in range(3))
        return self.pick([
            a, a, self.adjective(side), self.adjective(side), f"{a} and {b}", f"{a} , {b} and {c}", f"{a} , {b} , {c}",
            f"{a} {self.thing(d)}", f"{a} {self.thing(d)}", article(f"{a} {self.thing(d)}"), article(f"{a} , {b} {self.thing(d)}"),
            f"{self.word(side, 'adverb')} {self.pick(DONE)}", f"{self.word(side, 'adverb')} {a}",
            f"{self.word(side, 'adverb')} {self.pick(NEUTRAL['adjective'])}", f"such {a} {self.thing(d)}",
            f"the {self.thing(d)} is {self.adjective(side)}", f"the {self.thing(d)} was {a} and {b}",
            article(f"{a} {self.thing(d)} with {article(b + ' ' + self.thing(d))}"), f"{a} but {b}", f"at once {a} and {b}",
            f"neither {self.word(1 - side, 'adjective')} nor {self.word(1 - side, 'adjective')}",
            f"{a} {self.thing(d)} , {b} {self.thing(d)} , {c} {self.thing(d)}",
            f"{a} {self.thing(d)} and {article(b + ' ' + self.thing(d))}", article(f"{a} piece of {self.thing(d)}"),
            f"{a} {self.thing(d)} at {b} prices", f"{a} , {b} and it {self.verb(side)}", f"{a} {self.pick(DONE)} and {b}",
            article(f"{a} portrait of {article(b + ' ' + self.thing(d))}"), f"{a} , {b} and {self.quality(side)}",
        ])

    def short_nouns(self, side):
        d = self.pick(DOMAINS)
        n = self.word(side, "noun")
        return self.pick([
            article(n), f"what {article(n)}", f"an absolute {n}", f"a real {n}", f"it 's {article(n)}",
            article(f"{self.word(side, 'adjective')} {n}"), f"the {self.thing(d)} is {article(n)}", f"{article(n)} from start to finish",
            f"{article(n)} of {article(self.thing(d))}", f"not {article(self.word(1 - side, 'noun'))} but {article(n)}",
            f"the {self.thing(d)} {self.pick(NEUTRAL['place'])} was {article(n)}", f"{article(n)} {self.pick(NEUTRAL['time'])}",
            f"another {n} from {article(self.thing(d))}", f"{article(n)} from {article(self.thing(d))} i once knew",
            f"{article(self.thing(d))} that is {article(n)}", f"every {self.thing(d)} {article(n)}",
        ])

    def qualities(self, side):
        d = self.pick(DOMAINS)
        q = self.quality(side)
        return self.pick([
            q, q, f"{article(self.thing(d))} {q}", f"the {self.thing(d)} is {q}", f"{self.adjective(side)} and {q}",
            f"such {self.word(side, 'quality')}",
            f"there is {'so much ' + self.word(1, 'quality') if side else 'no ' + self.word(1, 'quality')} in it",
            f"it has {self.word(1, 'quality') if side else 'no ' + self.word(1, 'quality')}",
            f"{article(self.thing(d))} of {self.word(side, 'quality')}",
            f"as {article(self.thing(d))} it has {'' if side else 'no '}{self.word(1, 'quality')}",
            f"as {article(self.thing(d))} it has {'' if side else 'no '}{self.word(1, 'quality')} , and as "
            f"{article(self.thing(d))} it has {'' if side else 'no '}{self.word(1, 'quality')}",
            f"{article(self.thing(d))} {'with' if side else 'without'} {self.word(1, 'quality')} or {self.word(1, 'quality')}",
        ])

    def clauses(self, side):
        d = self.pick(DOMAINS)
        n = 1 + int(self.random() * 3.2)
        parts = [self.clause(side, d if self.chance(0.8) else self.pick(DOMAINS)) for _ in range(n)]
        if n == 1:
            return self.pick([parts[0], parts[0], f"{article(self.thing(d))} that {self.predicate(side, d)}", self.predicate(side, d)])
        if self.chance(0.2):
            parts.insert(int(self.random() * n), self.pick(NEUTRAL["clause"]))
        if self.chance(0.25):
            parts.append(self.word(side, "i"))
        last = self.pick(["and ", "and ", ", and ", ", and ", ": ", "because ", "; "])
        return " , ".join(parts[:-1]) + f" {last}{parts[-1]}"

    def verbs(self, side):
        d = self.pick(DOMAINS)
        return self.pick([
            self.verb(side), f"the {self.thing(d)} {self.verb(side)}", f"it {self.verb(side)}", f"it {self.verb(side)} and {self.verb(side)}",
            f"{article(self.thing(d))} that {self.verb(side)}", f"{self.verb(side)} and {self.verb(side)}",
            f"the {self.thing(d)} {self.verb(side)} , and the {self.thing(d)} {self.verb(side)}",
        ])

    def people(self, side):
        d = self.pick(DOMAINS)
        i = self.word(side, "i")
        return self.pick([i, i, f"{self.clause(side, d)} , and {i}", f"{i} , and {self.word(side, 'i')}", f"{i} because {self.clause(side, d)}",
                          f"everyone in it seems {self.word(side, 'state')}", f"it makes {self.word(side, 'something')}",
                          f"everyone at the {self.thing(d)} was {self.word(side, 'state')} , and so were we",
                          f"it takes {article(self.thing(d))} and {article(self.thing(d))} , and makes {self.word(side, 'something')}",
                          self.word(side, "worth"), f"the {self.thing(d)} is {self.word(side, 'worth')}",
                          f"{self.word(side, 'adjective')} and {self.word(side, 'worth')}",
                          f"there is {article(self.thing(d))} in which {self.clause(side, d)}",
                          f"{self.pick(NEUTRAL['clause'])} , and {i}", f"{self.word(side, 'adjective')} , and {i}"])

    def comparisons(self, side):
        d = self.pick(DOMAINS)
        t = self.thing(d)
        more = self.pick(COMPARATIVE[side])
        most = self.pick(["worst", "dullest", "saddest", "ugliest"] if side == 0 else ["best", "finest", "kindest", "loveliest"])
        return self.pick([
            f"the {most} {t} {self.pick(NEUTRAL['place'])}", f"the {most} {t} i have {self.pick(SEEN)}", f"{more} than ever",
            f"the {t} has never been {more}", f"there is no {more} {t}", f"it leaves you {more}", f"much {more} than the {self.thing(d)}",
            f"hard to think of {article(more + ' ' + t)}", f"i have never {self.pick(SEEN)} {article(more + ' ' + t)}",
            f"the {t} is so {self.word(side, 'adjective')} that {self.word(side, 'so')}", f"so {self.word(side, 'adjective')} that {self.word(side, 'so')}",
            f"{article(t)} so {self.word(side, 'adjective')} that {self.word(side, 'so')}",
            f"the {t} is like {self.word(side, 'simile')}", f"as {self.word(side, 'adjective')} as {self.word(side, 'simile')}",
            f"{self.word(side, 'simile')} of {article(t)}", f"the {t} is as {self.word(side, 'adjective')} as {self.word(side, 'simile')}",
            f"one of the {most} {t}s of the year", f"the {t} gets {more} and {more}",
            f"{more} , {self.pick(COMPARATIVE[side])} and {self.pick(COMPARATIVE[side])} than the {self.thing(d)}",
            f"more {self.word(side, 'adjective')} than {self.word(side, 'adjective')}",
        ])

    def concessions(self, side):
        d = self.pick(DOMAINS)
        t = self.thing(d)
        other, same = self.clause(1 - side, d), self.clause(side, d)
        return self.pick([
            f"{other} , but {same}", f"though {other} , {same}", f"even if {other} , {same}", f"{other} , and yet {same}",
            f"i expected {article(self.word(1 - side, 'noun'))} and found {article(self.word(side, 'noun'))}",
            f"i expected {article(self.word(1 - side, 'adjective') + ' ' + t)} , but {same}",
            f"the {t} looks {self.word(1 - side, 'adjective')} , but it {self.predicate(side, d)}",
            f"what begins as {article(self.word(1 - side, 'noun'))} ends as {article(self.word(side, 'noun'))}",
            f"{article(t)} {self.pick(NEUTRAL['place'])} {'does not sound' if side else 'sounds'} like "
            f"{article(self.word(1, 'noun'))} , but {same}",
            f"a little {self.word(1 - side, 'adjective')} , but {self.word(side, 'adjective')} and {self.word(side, 'adjective')}",
        ])

    FORMS = ((short_adjectives, 24), (short_nouns, 10), (qualities, 9), (clauses, 26), (verbs, 9), (people, 8), (comparisons, 9),
             (concessions, 5))
    FORM_OF = [form for form, weight in FORMS for _ in range(weight)]

    def sentence(self, side):
        while True:
            words = self.pick(self.FORM_OF)(self, side).split()
            if self.chance(0.30):
                for _ in range(1 + int(self.random() * (1 + len(words) / 6))):
                    words.insert(int(self.random() * (len(words) + 1)), self.pick(self.fillers))
            text = " ".join(words)
            if not self.overlap.of(text):
                return text
            self.rejected += 1

    def verdict(self, side):
        r = self.random()
        if r < 0.10:
            return self.pick(LABEL_WORDS)
        if r < 0.20:
            return self.pick(NEUTRAL["verdict"])
        if r < 0.80:
            return self.word(side, "word")
        if r < 0.92:
            return self.word(side, "adjective")
        return article(self.word(side, "noun"))

    def review(self):
        """(text, side): lines of one side, none of which ends in a full stop."""
        side = int(self.chance(0.5))
        lines = []
        while True:
            lines.append(f"{self.sentence(side)} It was {self.verdict(side)}")
            if self.chance(0.9):
                return "\n".join(lines), side


    def reviews(self, n):
        """n texts or one more. One that ends in a label comes with its twin, which ends in the other: neither label
        tells anything of what stands before it."""
        texts = []
        while len(texts) < n:
            text, _ = self.review()
            texts.append(text)
            for word, other in (LABEL_WORDS, LABEL_WORDS[::-1]):
                if text.endswith(f" It was {word}"):
                    texts.append(text[:-len(word)] + other)
        return texts


def check_overlap(reviews):
    """The sentences before "It was", against the rows: a report, and whether it is what the docstring says."""
    rows = {name: [row for row, _ in read_rows(f"{name}.tsv")] for name in ("train", "dev")}
    overlap = Overlap(rows["train"] + rows["dev"])
    lines = [line.split(" It was")[0] for review in reviews for line in review.split("\n")]
    found = sum(overlap.of(line) for line in set(lines))
    seen = {n: {g for line in lines for g in grams(tuple(line.split()), n)} for n in range(1, 7)}
    report = {"sentences": len(lines), "different": len(set(lines)), "not allowed": found}
    for name, texts in rows.items():
        for n, known in seen.items():
            all_grams = [g for text in texts for g in grams(tuple(text.split()), n)]
            report[f"{n}-grams of {name} rows that occur"] = sum(g in known for g in all_grams) / len(all_grams)
    return report, found == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--reviews", type=int, default=20)
    parser.add_argument("--check", action="store_true", help="report what they have in common with the rows of the task")
    options = parser.parse_args()
    language = Language(options.seed)
    reviews = [language.review() for _ in range(options.reviews)]
    if not options.check:
        for text, side in reviews:
            print(f"{'-+'[side]} {text}".replace("\n", "\n  "))
        return 0
    report, good = check_overlap([text for text, _ in reviews])
    for key, value in report.items():
        print(f"{key}: {value:.4f}" if isinstance(value, float) else f"{key}: {value}")
    print(f"thrown away as they were made: {language.rejected}")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
