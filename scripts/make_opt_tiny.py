#!/usr/bin/env python3
"""make_opt_tiny.py - makes workloads/opt-tiny: a small OPT that zeroth-order fine-tuning can teach something.

Pre-trains a causal language model of OPT's architecture (arXiv:2205.01068: pre-norm, ReLU, learned positions with
offset 2) on the language of opt_tiny_text.py with the embedded task's tokenizer, rounds its weights to F16,
and writes config.json, model.safetensors, vocab.json, merges.txt and making.json: how it was made, what was measured of
it before any fine-tuning, and the hash of the weights.

    scripts/make_opt_tiny.py [--out DIR]            makes it anew; needs Debian's python3-torch and python3-numpy
    scripts/make_opt_tiny.py --measure [--out DIR]  only measures what is in DIR, and compares it with making.json

The same machine, versions and threads make the same bits; other ones a model that is as good.
"""
import argparse
import hashlib
import json
import math
import pathlib
import shutil
import struct
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

import train_bpe
from opt_tiny_text import LABEL_WORDS, Language, check_overlap, read_rows

ROOT = pathlib.Path(__file__).resolve().parent.parent
EMBEDDED, OUT = ROOT / "workloads" / "embedded", ROOT / "workloads" / "opt-tiny"
BOS, PAD = 0, 1
TRAINED_POSITIONS = 128  # the rows of longer positions repeat these
MAX_TOKENS = 96          # of a review; what is longer is cut


# ---- tokens ---------------------------------------------------------------------------------------------------------


class Tokenizer:
    """Byte-level BPE of vocab.json and merges.txt, for ASCII text."""

    def __init__(self, folder):
        self.ids = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
        merges = (folder / "merges.txt").read_text(encoding="utf-8").splitlines()[1:]
        self.ranks = {tuple(line.split(" ")): i for i, line in enumerate(merges)}
        self.alphabet = train_bpe.byte_alphabet()
        self.words = {}

    def word(self, word):
        if word not in self.words:
            parts = [self.alphabet[b] for b in word.encode()]
            while len(parts) > 1:
                best = min(zip(parts, parts[1:]), key=lambda pair: self.ranks.get(pair, math.inf))
                if best not in self.ranks:
                    break
                parts = list(train_bpe.merge(tuple(parts), best))
            self.words[word] = [self.ids[p] for p in parts]
        return self.words[word]

    def encode(self, text):
        return [token for word in train_bpe.WORDS.findall(text) for token in self.word(word)]


# ---- model ----------------------------------------------------------------------------------------------------------

NAMES = {"q": "self_attn.q_proj", "k": "self_attn.k_proj", "v": "self_attn.v_proj", "out": "self_attn.out_proj",
         "fc1": "fc1", "fc2": "fc2", "norm1": "self_attn_layer_norm", "norm2": "final_layer_norm"}


class Model:
    """Weights by their Hugging Face names, without "model."; a forward pass of right-padded rows."""

    def __init__(self, layers, width, heads, vocab, positions):
        self.layers, self.width, self.heads, self.vocab, self.positions = layers, width, heads, vocab, positions
        self.weights = {}

    def draw(self, generator):
        d = self.width

        def normal(*size, std=0.02):
            return (torch.randn(*size, generator=generator) * std).requires_grad_()

        w = self.weights
        w["decoder.embed_tokens.weight"] = normal(self.vocab, d, std=d**-0.5)
        w["lm_head.weight"] = normal(self.vocab, d, std=d**-0.5)
        w["decoder.embed_positions.weight"] = normal(TRAINED_POSITIONS + 2, d)
        for layer in range(self.layers):
            p = f"decoder.layers.{layer}."
            for part, (rows, columns) in {"q": (d, d), "k": (d, d), "v": (d, d), "out": (d, d), "fc1": (4 * d, d),
                                          "fc2": (d, 4 * d)}.items():
                scale = (2 * self.layers)**-0.5 if part in ("out", "fc2") else 1
                w[p + NAMES[part] + ".weight"] = normal(rows, columns, std=scale * columns**-0.5)
                w[p + NAMES[part] + ".bias"] = torch.zeros(rows, requires_grad=True)
            for part in ("norm1", "norm2"):
                w[p + NAMES[part] + ".weight"] = torch.ones(d, requires_grad=True)
                w[p + NAMES[part] + ".bias"] = torch.zeros(d, requires_grad=True)
        w["decoder.final_layer_norm.weight"] = torch.ones(d, requires_grad=True)
        w["decoder.final_layer_norm.bias"] = torch.zeros(d, requires_grad=True)

    def hidden(self, tokens):
        """After the final norm, [rows][T][width]."""
        w, (n, t) = self.weights, tokens.shape
        x = w["decoder.embed_tokens.weight"][tokens] + w["decoder.embed_positions.weight"][2:2 + t]
        future = torch.full((t, t), float("-inf")).triu(1)
        for layer in range(self.layers):
            p = f"decoder.layers.{layer}."

            def linear(part, v):
                return F.linear(v, w[p + NAMES[part] + ".weight"], w[p + NAMES[part] + ".bias"])

            def norm(part, v):
                return F.layer_norm(v, (self.width,), w[p + NAMES[part] + ".weight"], w[p + NAMES[part] + ".bias"], 1e-5)

            def heads(v):
                return v.view(n, t, self.heads, -1).transpose(1, 2)

            h = norm("norm1", x)
            q = heads(linear("q", h)) * (self.width // self.heads)**-0.5
            a = torch.softmax(q @ heads(linear("k", h)).transpose(2, 3) + future, dim=-1) @ heads(linear("v", h))
            x = x + linear("out", a.transpose(1, 2).reshape(n, t, self.width))
            x = x + linear("fc2", torch.relu(linear("fc1", norm("norm2", x))))
        return F.layer_norm(x, (self.width,), w["decoder.final_layer_norm.weight"], w["decoder.final_layer_norm.bias"], 1e-5)

    def logits(self, hidden):
        return hidden @ self.weights["lm_head.weight"].T

    # ---- files ----

    def config(self):
        return {"architectures": ["OPTForCausalLM"], "model_type": "opt", "activation_function": "relu",
                "bos_token_id": 2, "eos_token_id": 2, "pad_token_id": 1, "do_layer_norm_before": True, "dropout": 0.0,
                "enable_bias": True, "ffn_dim": 4 * self.width, "hidden_size": self.width, "init_std": 0.02,
                "layer_norm_elementwise_affine": True, "max_position_embeddings": self.positions,
                "num_attention_heads": self.heads, "num_hidden_layers": self.layers, "tie_word_embeddings": False,
                "torch_dtype": "float16", "vocab_size": self.vocab, "word_embed_proj_dim": self.width}

    def round(self):
        """To F16, and the table of positions to its full length."""
        table = self.weights["decoder.embed_positions.weight"].detach()
        if len(table) < self.positions + 2:
            again = torch.arange(self.positions) % TRAINED_POSITIONS + 2
            self.weights["decoder.embed_positions.weight"] = torch.cat([table[:2], table[again]])
        self.weights = {name: w.detach().half().float() for name, w in self.weights.items()}

    def write(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        header, blob = {"__metadata__": {"format": "pt"}}, b""
        for name, w in sorted(self.weights.items()):
            data = w.numpy().astype("<f2").tobytes()
            header[name if name == "lm_head.weight" else "model." + name] = {"dtype": "F16", "shape": list(w.shape), "data_offsets": [len(blob), len(blob) + len(data)]}
            blob += data
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + blob)
        (folder / "config.json").write_text(json.dumps(self.config(), indent=2) + "\n", encoding="utf-8")
        for name in ("vocab.json", "merges.txt"):
            shutil.copy(EMBEDDED / name, folder / name)


def read_model(folder):
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    model = Model(config["num_hidden_layers"], config["hidden_size"], config["num_attention_heads"], config["vocab_size"],
                  config["max_position_embeddings"])
    data = (folder / "model.safetensors").read_bytes()
    n, = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + n])
    header.pop("__metadata__", None)
    for name, item in header.items():
        begin, end = item["data_offsets"]
        array = np.frombuffer(data[8 + n + begin:8 + n + end], "<f2").reshape(item["shape"])
        model.weights[name.removeprefix("model.")] = torch.from_numpy(array.astype(np.float32))
    return model


def hash_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


# ---- pre-training ---------------------------------------------------------------------------------------------------


def make_batches(sequences, tokens_per_batch, order):
    """Sequences of like length together, their batches in a random order; padded to the longest."""
    by_length = sorted(sequences, key=len)
    batches, batch = [], []
    for sequence in by_length:
        if batch and (len(batch) + 1) * len(sequence) > tokens_per_batch:
            batches.append(batch)
            batch = []
        batch.append(sequence)
    batches.append(batch)
    for i in torch.randperm(len(batches), generator=order).tolist():
        longest = max(map(len, batches[i]))
        yield torch.tensor([s + [PAD] * (longest - len(s)) for s in batches[i]])


def pretrain(model, sequences, was, options, generator):
    """AdamW, warm-up and cosine. The loss is the mean over what follows "It was" and a share of the other tokens, drawn
    anew each time: the head is most of the work."""
    batches = [b for _ in range(options.epochs) for b in make_batches(sequences, options.tokens, generator)]
    decayed = [w for w in model.weights.values() if w.dim() == 2]
    others = [w for w in model.weights.values() if w.dim() == 1]
    optimizer = torch.optim.AdamW([{"params": decayed, "weight_decay": options.decay},
                                   {"params": others, "weight_decay": 0.0}], lr=options.lr, betas=(0.9, 0.98))
    begin, total, verdicts = time.monotonic(), 0.0, 0.0
    for step, tokens in enumerate(batches):
        rate = min((step + 1) / 100, 0.5 * (1 + math.cos(math.pi * step / len(batches))))
        for group in optimizer.param_groups:
            group["lr"] = options.lr * rate
        inputs, targets = tokens[:, :-1], tokens[:, 1:]
        share = options.share if step >= len(batches) // 2 else 0  # what tells most is learnt first
        drawn = torch.rand(targets.shape, generator=generator) < share
        drawn[:, 1:] |= (inputs[:, 1:] == was[1]) & (inputs[:, :-1] == was[0])
        real = (targets != PAD) & drawn
        logits = model.logits(model.hidden(inputs)[real])
        losses = F.cross_entropy(logits, targets[real], reduction="none")
        loss = losses.mean()
        after = torch.zeros_like(real)
        after[:, 1:] = (inputs[:, 1:] == was[1]) & (inputs[:, :-1] == was[0])
        verdicts += float(losses[after[real]].mean())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(decayed + others, 1.0)
        optimizer.step()
        total += float(loss)
        if (step + 1) % 50 == 0 or step + 1 == len(batches):
            print(f"step {step + 1} of {len(batches)}, loss {total / (step % 50 + 1):.4f}, after 'It was' {verdicts / (step % 50 + 1):.4f}, "
                  f"{time.monotonic() - begin:.0f} s", flush=True)
            total = verdicts = 0.0
    return float(loss)


# ---- what the model knows before it is fine-tuned -------------------------------------------------------------------


def prompt_states(model, tokenizer, rows):
    """The state after "{sentence} It was", a row each."""
    states = []
    for sentence, _ in rows:
        tokens = torch.tensor([[BOS] + tokenizer.encode(sentence + " It was")])
        states.append(model.hidden(tokens)[0, -1])
    return torch.stack(states)


def logistic(train_x, train_y, dev_x, dev_y, penalty):
    """Accuracy on dev of a logistic regression; inputs are scaled by train's mean and deviation."""
    mean, deviation = train_x.mean(0), train_x.std(0) + 1e-6
    train_x, dev_x = (train_x - mean) / deviation, (dev_x - mean) / deviation
    w = torch.zeros(train_x.shape[1] + 1, requires_grad=True)
    optimizer = torch.optim.LBFGS([w], max_iter=200, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(train_x @ w[1:] + w[0], train_y) + penalty * (w[1:]**2).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    return float((((dev_x @ w[1:] + w[0]) > 0) == (dev_y > 0.5)).float().mean())


def bag_of_words(train, dev, penalty):
    words = {w: i for i, w in enumerate(sorted({w for s, _ in train for w in s.split()}))}

    def vectors(rows):
        x = torch.zeros(len(rows), len(words))
        for i, (sentence, _) in enumerate(rows):
            for w in sentence.split():
                if w in words:
                    x[i, words[w]] = 1
        return x

    labels = [torch.tensor([float(label) for _, label in rows]) for rows in (train, dev)]
    mean = vectors(train).mean(0)
    w = torch.zeros(len(words) + 1, requires_grad=True)
    optimizer = torch.optim.LBFGS([w], max_iter=200, line_search_fn="strong_wolfe")
    x, x_dev = vectors(train) - mean, vectors(dev) - mean

    def closure():
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(x @ w[1:] + w[0], labels[0]) + penalty * (w[1:]**2).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    return float((((x_dev @ w[1:] + w[0]) > 0) == (labels[1] > 0.5)).float().mean())


def measure(model, tokenizer):
    """Accuracies on the embedded task of the model as it is."""
    train, dev = read_rows("train.tsv"), read_rows("dev.tsv")
    labels = [torch.tensor([float(label) for _, label in rows]) for rows in (train, dev)]
    ids = [tokenizer.encode(" " + word) for word in LABEL_WORDS]
    assert all(len(i) == 1 for i in ids), "a label is not one token"
    with torch.no_grad():
        states = [prompt_states(model, tokenizer, rows) for rows in (train, dev)]
        log_p = [torch.log_softmax(model.logits(s), -1)[:, [i[0] for i in ids]] for s in states]
    out = {}
    for name, scores, y in zip(("train", "dev"), log_p, labels):
        out[f"zero-shot accuracy, {name}"] = float(((scores[:, 1] > scores[:, 0]) == (y > 0.5)).float().mean())
        out[f"zero-shot loss, {name}"] = float(F.cross_entropy(scores, y.long()))
    for i, word in enumerate(LABEL_WORDS):
        out[f"mean probability of \" {word}\" after the prompt, dev"] = float(log_p[1][:, i].exp().mean())
    out["linear probe of the state after the prompt, fitted on train, dev accuracy"] = logistic(
        states[0], labels[0], states[1], labels[1], 1e-2)
    out["bag of words, fitted on train, dev accuracy"] = bag_of_words(train, dev, 1e-2)
    return out


# ---- main -----------------------------------------------------------------------------------------------------------


def make(options, tokenizer):
    begin = time.monotonic()
    language = Language(options.seed)
    reviews = language.reviews(options.reviews)
    report, good = check_overlap(reviews)
    if not good:
        sys.exit("the text has rows of the task in it")
    sequences = [([BOS] + tokenizer.encode(text))[:MAX_TOKENS] for text in reviews]
    n_tokens = sum(map(len, sequences))
    print(f"{len(sequences)} reviews, {n_tokens} tokens, {time.monotonic() - begin:.0f} s", flush=True)
    generator = torch.Generator().manual_seed(options.seed)
    model = Model(options.layers, options.width, options.heads, len(tokenizer.ids), options.positions)
    model.draw(generator)
    loss = pretrain(model, sequences, tokenizer.encode(" It was"), options, generator)
    model.round()
    model.write(options.out)
    making = {
        "seed": options.seed, "reviews": len(sequences), "tokens": n_tokens, "epochs": options.epochs,
        "tokens_per_batch": options.tokens, "share": options.share, "lr": options.lr, "weight_decay": options.decay, "last_loss": loss,
        "parameters": sum(w.numel() for w in model.weights.values()), "wall_s": round(time.monotonic() - begin, 1),
        "threads": torch.get_num_threads(), "torch": torch.__version__, "numpy": np.__version__,
        "python": sys.version.split()[0], "text": report, "measured": measure(model, tokenizer),
        "sha256": {name: hash_of(options.out / name) for name in ("model.safetensors", "vocab.json", "merges.txt")},
    }
    (options.out / "making.json").write_text(json.dumps(making, indent=1) + "\n", encoding="utf-8")
    return making["measured"]


def check(options, tokenizer):
    made = json.loads((options.out / "making.json").read_text(encoding="utf-8"))
    for name, want in made["sha256"].items():
        if hash_of(options.out / name) != want:
            sys.exit(f"{options.out / name} is not what making.json tells of")
    measured = measure(read_model(options.out), tokenizer)
    for key, value in made["measured"].items():
        if abs(measured[key] - value) > 0.02:
            sys.exit(f"{key}: {measured[key]:.4f}, but making.json has {value:.4f}")
    return measured


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=pathlib.Path, default=OUT)
    parser.add_argument("--measure", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--reviews", type=int, default=150000)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--tokens", type=int, default=1024, help="of a batch")
    parser.add_argument("--share", type=float, default=0.15, help="of the tokens that a loss is taken of")
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--decay", type=float, default=0.0)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--positions", type=int, default=2048)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    tokenizer = Tokenizer(EMBEDDED)
    for key, value in (check if options.measure else make)(options, tokenizer).items():
        print(f"{key}: {value:.4f}")


if __name__ == "__main__":
    main()
