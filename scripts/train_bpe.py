#!/usr/bin/env python3
"""Train the BPE of the embedded task: workloads/embedded/{train,dev}.tsv -> vocab.json, merges.txt.

Plain Python, no packages, the same output everywhere: the most frequent pair is merged, among
equals the one that sorts first, MAX_MERGES times.  Ids follow OPT: <s> 0, <pad> 1, </s> 2,
<unk> 3, then the 256 bytes, then the merges in their order.  The text is what the models see,
"SENTENCE It was terrible" and "... great", so the words of the template and the options become
tokens of their own.

    scripts/train_bpe.py            write the two files
    scripts/train_bpe.py --check    exit 1 where the files in the tree are not what it would write
"""
import collections
import json
import pathlib
import re
import sys

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "workloads" / "embedded"
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]
# So many that the token lengths of the training rows follow SST-2's under OPT's tokenizer: mean
# 15.4, median 12, 95 % 35, longest 68 (tests/workloads/test_embedded.c).  Fewer merges cut rare
# words into more pieces and lengthen the rows.
MAX_MERGES = 2650
# GPT-2's pattern; the corpus is ASCII, where \p{L} is [A-Za-z] and \p{N} is [0-9].
WORDS = re.compile(r"'s|'t|'re|'ve|'m|'ll|'d| ?[A-Za-z]+| ?[0-9]+| ?[^\sA-Za-z0-9]+|\s+(?!\S)|\s+")


def byte_alphabet():
    """Byte -> printable character, as GPT-2 has it."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in printable]
    return {**{b: chr(b) for b in printable}, **{b: chr(256 + i) for i, b in enumerate(others)}}


def read_sentences(name):
    rows = (FOLDER / name).read_text(encoding="ascii").splitlines()
    assert rows[0] == "sentence\tlabel", f"{name}: unexpected header {rows[0]!r}"
    return [row.split("\t")[0].strip() for row in rows[1:]]


def count_words(alphabet):
    counts = collections.Counter()
    for sentence in read_sentences("train.tsv") + read_sentences("dev.tsv"):
        for option in (" terrible", " great"):
            for word in WORDS.findall(f"{sentence} It was{option}"):
                counts[tuple(alphabet[b] for b in word.encode())] += 1
    return counts


def merge(word, pair):
    out = []
    i = 0
    while i < len(word):
        if word[i:i + 2] == pair:
            out.append(word[i] + word[i + 1])
            i += 2
        else:
            out.append(word[i])
            i += 1
    return tuple(out)


def train(counts):
    """Word (tuple of symbols) -> count.  Returns the merges."""
    words = list(counts.items())
    pairs = collections.Counter()
    holders = collections.defaultdict(set)  # pair -> numbers of the words that hold it, or once did

    def count(number, sign):
        word, times = words[number]
        for pair in zip(word, word[1:]):
            pairs[pair] += sign * times
            holders[pair].add(number)

    for number in range(len(words)):
        count(number, +1)
    merges = []
    while len(merges) < MAX_MERGES:
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        if pairs[best] < 1:
            break
        merges.append(best)
        for number in holders.pop(best):
            count(number, -1)
            words[number] = (merge(words[number][0], best), words[number][1])
            count(number, +1)
        pairs += collections.Counter()  # drops what is down to zero
    return merges


def main():
    alphabet = byte_alphabet()
    merges = train(count_words(alphabet))
    tokens = SPECIAL + [alphabet[b] for b in sorted(alphabet)] + [a + b for a, b in merges]
    unique = list(dict.fromkeys(tokens))  # two merges may make the same token
    ids = {token: i for i, token in enumerate(unique)}
    vocab = json.dumps(ids, ensure_ascii=True, indent=0) + "\n"
    text = "#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges)
    files = {FOLDER / "vocab.json": vocab, FOLDER / "merges.txt": text}
    if "--check" in sys.argv[1:]:
        stale = [str(path) for path, content in files.items()
                 if path.read_text(encoding="utf-8") != content]
        if stale:
            sys.exit(f"not what scripts/train_bpe.py writes: {', '.join(stale)}")
        return
    for path, content in files.items():
        path.write_text(content, encoding="utf-8")
    print(f"{len(unique)} tokens, {len(merges)} merges")


if __name__ == "__main__":
    main()
