"""pytorch_reader.py - reads a Hugging Face directory of an OPT and scores a task's prompts in float64, on its own.

What check_pytorch.py --model holds `zogap score` against. Neither zogap nor transformers is asked: safetensors (one
file or shards; F32, F16, BF16), config.json, byte-level BPE and the forward pass (pre-norm, or post-norm with projected
embeddings as OPT-350M) are written here from their formats and from arXiv:2205.01068.
"""
import csv
import json
import os
import re
import struct

import numpy as np
import torch
import torch.nn.functional as F

BOS = 0  # <s>, as the official zeroth-order code has it
PARTS = {"q": "self_attn.q_proj", "k": "self_attn.k_proj", "v": "self_attn.v_proj", "out": "self_attn.out_proj",
         "fc1": "fc1", "fc2": "fc2"}

# ---- files ----------------------------------------------------------------------------------------------------------


def read_json(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8") as f:
        return json.load(f)


def read_safetensors(path):
    """Name -> float64 tensor of each tensor in a file."""
    with open(path, "rb") as f:
        data = f.read()
    size, = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + size])
    tensors = {}
    for name, item in header.items():
        if name == "__metadata__":
            continue
        begin, end = (8 + size + at for at in item["data_offsets"])
        raw = data[begin:end]
        if item["dtype"] == "BF16":  # the upper half of an F32
            array = (np.frombuffer(raw, "<u2").astype(np.uint32) << 16).view(np.float32)
        else:
            array = np.frombuffer(raw, {"F32": "<f4", "F16": "<f2"}[item["dtype"]])
        tensors[name] = torch.from_numpy(array.astype(np.float64).reshape(item["shape"]))
    return tensors


class Reader:
    """A model directory: weights without the prefix "model.", and the tokenizer beside them."""

    def __init__(self, folder):
        self.config = read_json(folder, "config.json")
        files = ["model.safetensors"]
        if not os.path.exists(os.path.join(folder, files[0])):
            files = sorted(set(read_json(folder, "model.safetensors.index.json")["weight_map"].values()))
        self.weights = {}
        for name in files:
            for key, tensor in read_safetensors(os.path.join(folder, name)).items():
                self.weights[key[6:] if key.startswith("model.") else key] = tensor
        self.tokenizer = Tokenizer(folder)

    # ---- the forward pass ----

    def linear(self, name, x):
        return F.linear(x, self.weights[name + ".weight"], self.weights.get(name + ".bias"))

    def norm(self, name, x):
        weight = self.weights[name + ".weight"]
        return F.layer_norm(x, weight.shape, weight, self.weights[name + ".bias"], 1e-5)

    def attention(self, p, x):
        t, heads = len(x), self.config["num_attention_heads"]
        q, k, v = (self.linear(p + PARTS[part], x).view(t, heads, -1).transpose(0, 1) for part in "qkv")
        future = torch.full((t, t), float("-inf"), dtype=torch.float64).triu(1)
        a = torch.softmax(q @ k.transpose(1, 2) / q.shape[-1]**0.5 + future, dim=-1) @ v
        return self.linear(p + PARTS["out"], a.transpose(0, 1).reshape(t, -1))

    def log_probabilities(self, tokens):
        """[T][vocab], after each token of one sequence."""
        w, pre = self.weights, self.config.get("do_layer_norm_before", True)
        x = w["decoder.embed_tokens.weight"][tokens]
        if "decoder.project_in.weight" in w:
            x = self.linear("decoder.project_in", x)
        x = x + w["decoder.embed_positions.weight"][2:2 + len(tokens)]
        for layer in range(self.config["num_hidden_layers"]):
            p = f"decoder.layers.{layer}."
            norms = p + "self_attn_layer_norm", p + "final_layer_norm"
            blocks = (lambda v: self.attention(p, v)), (lambda v: self.linear(p + "fc2", torch.relu(self.linear(p + "fc1", v))))
            for norm, block in zip(norms, blocks):
                x = x + block(self.norm(norm, x)) if pre else self.norm(norm, x + block(x))
        if "decoder.final_layer_norm.weight" in w:
            x = self.norm("decoder.final_layer_norm", x)
        if "decoder.project_out.weight" in w:
            x = self.linear("decoder.project_out", x)
        head = w.get("lm_head.weight")
        if head is None or self.config.get("tie_word_embeddings", True):
            head = w["decoder.embed_tokens.weight"]
        return torch.log_softmax(x @ head.T, dim=-1)

    def score(self, prompt, option):
        """Mean log-probability of the option's tokens, and how many there are; encoded as MeZO's large_models do."""
        full, stem = self.tokenizer.encode((prompt + option).strip()), self.tokenizer.encode(prompt.strip())
        n = len(full) - len(stem)
        tokens = [BOS] + full
        log_p = self.log_probabilities(tokens)
        return float(sum(log_p[i - 1, tokens[i]] for i in range(len(tokens) - n, len(tokens))) / n), n


class Tokenizer:
    """Byte-level BPE (GPT-2) of vocab.json and merges.txt."""
    # GPT-2's pattern; a letter is a word character that is neither a digit nor "_".
    WORDS = re.compile(r"'s|'t|'re|'ve|'m|'ll|'d| ?[^\W\d_]+| ?\d+| ?(?:[^\s\w]|_)+|\s+(?!\S)|\s+")

    def __init__(self, folder):
        self.ids = read_json(folder, "vocab.json")
        with open(os.path.join(folder, "merges.txt"), encoding="utf-8") as f:
            lines = [line.rstrip("\n") for line in f]
        self.ranks = {tuple(line.split(" ")): i for i, line in enumerate(lines) if not line.startswith("#version") and line}
        printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
        others = [b for b in range(256) if b not in printable]
        self.alphabet = {**{b: chr(b) for b in printable}, **{b: chr(256 + i) for i, b in enumerate(others)}}

    def encode(self, text):
        return [self.ids[part] for word in self.WORDS.findall(text) for part in self.cut(word)]

    def cut(self, word):
        parts = [self.alphabet[b] for b in word.encode("utf-8")]
        while len(parts) > 1:
            pair = min(zip(parts, parts[1:]), key=lambda p: self.ranks.get(p, len(self.ranks)))
            if pair not in self.ranks:
                break
            merged, i = [], 0
            while i < len(parts):
                joined = tuple(parts[i:i + 2]) == pair
                merged.append("".join(pair) if joined else parts[i])
                i += 2 if joined else 1
            parts = merged
        return parts


# ---- rows -----------------------------------------------------------------------------------------------------------


def read_rows(task, split):
    """(prompt, options) of each row of a task: a dict as its file has it, with "folder", where relative paths begin."""
    path = os.path.join(task["folder"], task["data"][split])
    quote = task.get("quote", '"')
    with open(path, encoding="utf-8", newline="") as f:
        rows = csv.DictReader(f, delimiter=task.get("delimiter", ","), quotechar=quote or None,
                              quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE)
        for row in rows:
            cells = {key: value.strip() if task.get("strip", True) else value for key, value in row.items()}
            options = task.get("options") or [cells[column] for column in task["options_from"]]
            yield task["template"].format(**cells), [option.format(**cells) if "options" in task else option for option in options]
