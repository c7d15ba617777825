#!/usr/bin/env python3
"""check_pytorch.py - checks zogap's engines independently: OPT, LoZO and LOZO-M again, in PyTorch
and NumPy.

Writes a small random OPT checkpoint (config.json, model.safetensors), runs
tests/engines/steps_driver on it, and compares its option scores, losses, projected gradients and
weights with a float64 model written here from the paper's description (arXiv:2205.01068) and from
the documentation in engines/zo.h and engines/base/philox.h. Nothing is shared with the C code:
neither the random generator nor the model.

    check_pytorch.py --driver build/tests/engines/steps_driver [--engines naive,fused]

With --model it scores a task's prompts with a model directory (pytorch_reader.py) and compares them with what
`zogap score` says of the same, to 1e-5:

    check_pytorch.py --zogap build/zogap --model DIR [--task FILE.json] [--split dev] [--limit 20] [--engines naive,fused]

Exit code: 0 equal, 1 different, 77 skipped (PyTorch or the engines are absent).
"""
import argparse
import json
import os
import struct
import subprocess
import sys
import tempfile

SKIPPED = 77
try:
    import numpy as np
    import torch
    import torch.nn.functional as F
except ImportError as missing:
    print(f"skipped: {missing} (Debian: python3-torch, python3-numpy)")
    sys.exit(SKIPPED)

U32, F32 = np.uint32, np.float32
STREAM_U, STREAM_V = 1, 2


# ---- random numbers: engines/zo.h, engines/base/philox.h -------------------------------------


def philox4x32(counter, key):
    """Philox 4x32-10 (Salmon et al., SC'11) on arrays: counter [n][4], key of two words."""
    x = [counter[:, i].astype(np.uint64) for i in range(4)]
    k = [int(key[0]), int(key[1])]
    mask = np.uint64(0xFFFFFFFF)
    for _ in range(10):
        p0 = x[0] * np.uint64(0xD2511F53)
        p1 = x[2] * np.uint64(0xCD9E8D57)
        x = [
            (p1 >> np.uint64(32)) ^ x[1] ^ np.uint64(k[0]),
            p1 & mask,
            (p0 >> np.uint64(32)) ^ x[3] ^ np.uint64(k[1]),
            p0 & mask,
        ]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return np.stack(x, axis=1).astype(U32)


def horner(x, *coefficients):
    p = np.full_like(x, F32(float.fromhex(coefficients[0])))
    for c in coefficients[1:]:
        p = p * x + F32(float.fromhex(c))  # two roundings: NumPy contracts nothing
    return p


def box_muller(w0, w1):
    """Two float32 deviates from two words, operation by operation as philox.h writes them."""
    root_half = U32(0x3F3504F3)
    n = (w0 >> U32(8)) | U32(1)
    j = n.astype(F32).view(U32) - root_half
    k = j >> U32(23)
    f = ((j & U32(0x7FFFFF)) + root_half).view(F32) - F32(1)
    p = horner(f, "0x1.4bd7p-3", "-0x1.04591cp-2", "0x1.09abe4p-2", "-0x1.22dc4ap-2",
               "0x1.54d54ep-2", "-0x1.99a14cp-2", "0x1.0000c8p-1", "-0x1.555552p-1", "0x1p0")
    exponent = (24 - k.astype(np.int64)).astype(F32)
    radius = np.sqrt(((p * (f * f)) - (f + f)) + exponent * F32(float.fromhex("0x1.62e43p+0")))
    q = (w1 + U32(0x20000000)) >> U32(30)
    t = (w1 - (q << U32(30))).view(np.int32).astype(F32) * F32(2.0**-30)
    t2 = t * t
    s = horner(t2, "-0x1.2d9b7cp-8", "0x1.465ec4p-4", "-0x1.4abbbap-1", "0x1.921fb6p+0") * t
    c = horner(t2, "0x1.db64d4p-11", "-0x1.55cb98p-6", "0x1.03c1eap-2", "-0x1.3bd3ccp+0", "0x1p0")
    cosine = np.choose(q, [c, -s, -c, s])
    sine = np.choose(q, [s, c, -s, -c])
    return radius * cosine, radius * sine


def normal(seed, tensor, stream, n):
    """Elements 0 .. n - 1 of a tensor's stream."""
    blocks = np.arange((n + 3) // 4, dtype=np.uint64)
    counter = np.stack([blocks & np.uint64(0xFFFFFFFF), blocks >> np.uint64(32),
                        np.full_like(blocks, tensor), np.full_like(blocks, stream)], axis=1)
    x = philox4x32(counter, (seed & 0xFFFFFFFF, seed >> 32))
    a, b = box_muller(x[:, 0], x[:, 1])
    c, d = box_muller(x[:, 2], x[:, 3])
    return np.stack([a, b, c, d], axis=1).reshape(-1)[:n]


def derive(seed, index):
    """splitmix64 of (seed, index)."""
    m = (1 << 64) - 1
    z = (seed + (index + 1) * 0x9E3779B97F4A7C15) & m
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & m
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & m
    return z ^ (z >> 31)


def check_random():
    """Philox's published known answers (Random123), and the deviates that philox.h names."""
    ones = np.full((1, 4), 0xFFFFFFFF, dtype=U32)
    assert [hex(w) for w in philox4x32(ones * U32(0), (0, 0))[0]] == [
        "0x6627e8d5", "0xe169c58d", "0xbc57ac4c", "0x9b00dbd8"]
    assert [hex(w) for w in philox4x32(ones, (0xFFFFFFFF, 0xFFFFFFFF))[0]] == [
        "0x408f276d", "0x41c83b0e", "0xa20bc7c6", "0x6d5451fd"]
    want = ["0x1.fb7662p-1", "-0x1.d96d60p-1", "-0x1.3c373ap-1", "-0x1.eda35ep-2"]
    got = normal(0, 0, 0, 4)
    assert [float(x) for x in got] == [float.fromhex(w) for w in want], got


# ---- model -----------------------------------------------------------------------------------


class Shape:
    def __init__(self, layers, d, heads, ffn, vocab, positions, tied):
        self.layers, self.d, self.heads, self.ffn = layers, d, heads, ffn
        self.vocab, self.positions, self.tied = vocab, positions, tied


LINEAR = ["q", "k", "v", "out", "fc1", "fc2"]
NAMES = {"q": "self_attn.q_proj", "k": "self_attn.k_proj", "v": "self_attn.v_proj",
         "out": "self_attn.out_proj", "fc1": "fc1", "fc2": "fc2",
         "norm1": "self_attn_layer_norm", "norm2": "final_layer_norm"}


def tensor_id(layer, part):
    """engines/tensors.h: 16 (l + 1) + 2 * place, a bias right after its weight."""
    return 16 * (layer + 1) + 2 * (LINEAR + ["norm1", "norm2"]).index(part)


def make_weights(shape, rng):
    """Large enough for a softmax that is not flat; float32 values held as float64."""
    def draw(*size, std=0.15, mean=0.0):
        return torch.from_numpy(rng.normal(mean, std, size).astype(F32)).double()

    d, f = shape.d, shape.ffn
    w = {"decoder.embed_tokens.weight": draw(shape.vocab, d, std=0.3),
         "decoder.embed_positions.weight": draw(shape.positions + 2, d, std=0.3),
         "decoder.final_layer_norm.weight": draw(d, mean=1.0),
         "decoder.final_layer_norm.bias": draw(d)}
    if not shape.tied:
        w["lm_head.weight"] = draw(shape.vocab, d)
    for layer in range(shape.layers):
        p = f"decoder.layers.{layer}."
        for part, (out, inner) in {"q": (d, d), "k": (d, d), "v": (d, d), "out": (d, d),
                                   "fc1": (f, d), "fc2": (d, f)}.items():
            w[p + NAMES[part] + ".weight"] = draw(out, inner)
            w[p + NAMES[part] + ".bias"] = draw(out)
        for part in ("norm1", "norm2"):
            w[p + NAMES[part] + ".weight"] = draw(d, mean=1.0)
            w[p + NAMES[part] + ".bias"] = draw(d)
    return w


def write_model(path, shape, weights, dtype):
    """A Hugging Face directory: config.json and one safetensors file."""
    config = {"model_type": "opt", "architectures": ["OPTForCausalLM"], "hidden_size": shape.d,
              "word_embed_proj_dim": shape.d, "num_hidden_layers": shape.layers,
              "num_attention_heads": shape.heads, "ffn_dim": shape.ffn,
              "vocab_size": shape.vocab, "max_position_embeddings": shape.positions,
              "do_layer_norm_before": True, "activation_function": "relu", "enable_bias": True,
              "layer_norm_elementwise_affine": True, "tie_word_embeddings": shape.tied}
    with open(os.path.join(path, "config.json"), "w") as f:
        json.dump(config, f)
    header, blob = {}, b""
    for name, tensor in weights.items():
        data = tensor.numpy().astype({"F32": "<f4", "F16": "<f2"}[dtype]).tobytes()
        full = name if name.startswith("lm_head") else "model." + name
        header[full] = {"dtype": dtype, "shape": list(tensor.shape),
                        "data_offsets": [len(blob), len(blob) + len(data)]}
        blob += data
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(os.path.join(path, "model.safetensors"), "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + blob)


def forward(shape, w, tokens):
    """Log-probabilities [T][vocab] after each token of one sequence."""
    t, dh = len(tokens), shape.d // shape.heads
    x = w["decoder.embed_tokens.weight"][tokens] + w["decoder.embed_positions.weight"][2:2 + t]
    future = torch.full((t, t), float("-inf"), dtype=torch.float64).triu(1)
    for layer in range(shape.layers):
        p = f"decoder.layers.{layer}."

        def linear(part, v):
            return F.linear(v, w[p + NAMES[part] + ".weight"], w[p + NAMES[part] + ".bias"])

        def norm(part, v):
            return F.layer_norm(v, (shape.d,), w[p + NAMES[part] + ".weight"],
                                w[p + NAMES[part] + ".bias"], 1e-5)

        def heads(v):
            return v.view(t, shape.heads, dh).transpose(0, 1)

        h = norm("norm1", x)
        q, k, v = heads(linear("q", h) * dh**-0.5), heads(linear("k", h)), heads(linear("v", h))
        a = torch.softmax(q @ k.transpose(1, 2) + future, dim=-1) @ v
        x = x + linear("out", a.transpose(0, 1).reshape(t, shape.d))
        x = x + linear("fc2", torch.relu(linear("fc1", norm("norm2", x))))
    x = F.layer_norm(x, (shape.d,), w["decoder.final_layer_norm.weight"],
                     w["decoder.final_layer_norm.bias"], 1e-5)
    head = w["decoder.embed_tokens.weight"] if shape.tied else w["lm_head.weight"]
    return torch.log_softmax(x @ head.T, dim=-1)


def losses(shape, w, batch):
    """Batch loss and the options' mean log-probabilities, example by example."""
    scores, total, count = [], 0.0, 0
    for example in batch["examples"]:
        row = []
        for option in example["options"]:
            tokens = example["stem"] + option
            log_p = forward(shape, w, tokens)
            at = len(example["stem"]) - 1
            row.append(torch.stack([log_p[at + i, o] for i, o in enumerate(option)]).mean())
        row = torch.stack(row)
        scores.append([float(s) for s in row])
        gold = example["gold"]
        if batch["loss"] == "lm":
            n = len(example["options"][gold])
            total, count = total - float(row[gold]) * n, count + n
        else:
            total = total + float(F.cross_entropy(row[None], torch.tensor([gold])))
            count += 1
    return total / count, scores


# ---- LoZO, LOZO-M ----------------------------------------------------------------------------


def matrices(shape, w):
    """Each matrix of scope linear, with its tensor id."""
    for layer in range(shape.layers):
        for part in LINEAR:
            yield tensor_id(layer, part), w[f"decoder.layers.{layer}.{NAMES[part]}.weight"]


def factor(seed, tensor, stream, rows, rank):
    return torch.from_numpy(normal(seed, tensor, stream, rows * rank).reshape(rows, rank)).double()


def add(shape, w, seed_u, seed_v, rank, coefficient):
    for tensor, weight in matrices(shape, w):
        out, inner = weight.shape
        u = factor(seed_u, tensor, STREAM_U, out, rank)
        weight += coefficient * (u @ factor(seed_v, tensor, STREAM_V, inner, rank).T)


def add_momentum(shape, w, m, seeds_u, c, seed_v, old_v, case, t):
    """LOZO-M (arXiv:2410.07698): M carried over to a new V, then beta M + (1 - beta) mean c U."""
    beta, rank = float(F32(case["beta"])), case["rank"]
    for tensor, weight in matrices(shape, w):
        out, inner = weight.shape
        v = factor(seed_v, tensor, STREAM_V, inner, rank)
        g = sum(ci * factor(u, tensor, STREAM_U, out, rank) for u, ci in zip(seeds_u, c)) / len(c)
        if t == 0:
            m[tensor] = g
        else:
            kept = m[tensor]
            if old_v != seed_v:
                kept = kept @ (factor(old_v, tensor, STREAM_V, inner, rank).T @ v) / inner
            m[tensor] = beta * kept + (1 - beta) * g
        weight -= float(F32(case["lr"])) * (m[tensor] @ v.T)


def steps_of(shape, w, batch, case):
    """Losses of the first two probes and the first query's gradient, step by step."""
    steps, m, old_v = [], {}, None
    eps, lr, rank = float(F32(case["eps"])), float(F32(case["lr"])), case["rank"]
    one_sided = case.get("sides") == "one"

    def loss_at(u, v, coefficient):
        add(shape, w, u, v, rank, coefficient)
        loss, _ = losses(shape, w, batch)
        add(shape, w, u, v, rank, -coefficient)
        return loss

    for t in range(case["steps"]):
        first, v = derive(case["seed"], t), derive(case["seed"], t // case["nu"])
        seeds_u = [first if i == 0 else derive(first, i) for i in range(case.get("queries", 1))]
        pairs = [(loss_at(u, v, eps), loss_at(u, v, 0 if one_sided else -eps)) for u in seeds_u]
        c = [(plus - other) / (eps if one_sided else 2 * eps) for plus, other in pairs]
        if case["name"] == "lozo-m":
            add_momentum(shape, w, m, seeds_u, c, v, old_v, case, t)
        else:
            if case.get("direction") == "official" and t % case["nu"] == 0:
                seeds_u = [derive(first, 1)]  # the official update draws another U than it probed with
            for u, ci in zip(seeds_u, c):
                add(shape, w, u, v, rank, -lr * ci / len(c))
        old_v = v
        steps.append((*pairs[0], c[0]))
    return steps


# ---- comparison ------------------------------------------------------------------------------


class Comparison:
    """Collects the largest difference of each kind as a share of what fp32 may cost."""

    def __init__(self):
        self.worst = {}

    def add(self, kind, got, want, allowed):
        share = abs(got - want) / allowed
        share = share if share == share else float("inf")  # NaN equals nothing
        if share > self.worst.get(kind, (0,))[0] or kind not in self.worst:
            self.worst[kind] = (share, got, want)

    def report(self, what):
        good = all(share <= 1 for share, _, _ in self.worst.values())
        text = ", ".join(f"{kind} {share:.2f}" for kind, (share, _, _) in self.worst.items())
        print(f"{'equal' if good else 'DIFFERENT'}: {what}: share of the tolerance: {text}")
        if not good:
            print({k: v for k, v in self.worst.items() if v[0] > 1})
        return good


def compare(shape, w, batch, case, lines):
    """fp32 engines: a score's rounding error is some 2^-24 sqrt(k) sqrt(8 layers + 2) of its size
    (tests/engines/conformance.c derives it); twice that is allowed. c is a difference of two losses
    over 2 eps; weights inherit c's error times lr |D| <= 25 lr a step, and their own rounding."""
    comparison = Comparison()
    unit = 2.0**-24 * 2 * (max(shape.d, shape.ffn) * (8 * shape.layers + 2))**0.5
    rows = [line.split(",") for line in lines]
    loss, scores = losses(shape, w, batch)
    for _, e, o, value in (r for r in rows if r[0] == "score"):
        want = scores[int(e)][int(o)]
        comparison.add("scores", float(value), want, unit * (1 + abs(want)))
    for _, value in (r for r in rows if r[0] == "loss"):
        comparison.add("loss", float(value), loss, unit * (1 + loss))
    moved = 0.0
    steps = steps_of(shape, w, batch, case)
    distance = case["eps"] / (2 if case.get("sides") == "one" else 1)
    got_steps = [r for r in rows if r[0] == "step"]
    assert len(got_steps) == len(steps)
    for (_, _, plus, minus, c), want in zip(got_steps, steps):
        allowed = unit * (1 + want[0])
        comparison.add("losses of steps", float(plus), want[0], allowed)
        comparison.add("losses of steps", float(minus), want[1], allowed)
        comparison.add("gradients", float(c), want[2], allowed / distance)
        moved += 25 * case["lr"] * allowed / distance
    n_weights = 0
    for _, tensor, row, col, value in (r for r in rows if r[0] == "weight"):
        layer, kind = int(tensor) // 16 - 1, int(tensor) % 16
        if layer < 0 or kind % 2 or kind > 10:
            continue
        name = f"decoder.layers.{layer}.{NAMES[LINEAR[kind // 2]]}.weight"
        want = float(w[name][int(row), int(col)])
        comparison.add("weights", float(value), want, moved + 5 * case["steps"] * 2.0**-24)
        n_weights += 1
    assert n_weights == 4 * 6 * shape.layers
    return comparison


BATCHES = {
    "classification": {"loss": "classification", "examples": [
        {"stem": [0, 7, 8, 9, 30, 31], "options": [[20], [21]], "gold": 1},
        {"stem": [0, 5], "options": [[20], [21]], "gold": 0},
        {"stem": [0, 7, 8], "options": [[40, 41, 42], [40], [22, 23]], "gold": 2},
        {"stem": [0], "options": [[1, 1], [21]], "gold": 0}]},
    "lm": {"loss": "lm", "examples": [
        {"stem": [0], "options": [[5, 6, 7, 8, 9, 10, 11, 12, 13]], "gold": 0},
        {"stem": [0, 14, 15], "options": [[16], [17, 18]], "gold": 1}]},
}
CASES = [("classification", "lozo", {}), ("classification", "lozo", {"direction": "official"}), ("lm", "lozo", {}),
         ("classification", "lozo", {"queries": 2}), ("lm", "lozo", {"queries": 3, "sides": "one"}),
         ("classification", "lozo-m", {"beta": 0.9}), ("lm", "lozo-m", {"beta": 0.5, "queries": 2})]
SHAPES = [("tied, F32", Shape(2, 32, 4, 96, 61, 40, True), "F32"),
          ("untied, F16", Shape(3, 24, 2, 40, 47, 32, False), "F16")]


def run_case(driver, engine, directory, what, batch, case):
    batch_path = os.path.join(directory, "batch.json")
    with open(batch_path, "w") as f:
        json.dump(batch, f)
    options = "+".join(f"{k}={case[k]}" for k in case if k not in ("steps", "seed", "name"))
    command = [driver, directory, batch_path, engine, str(case["steps"]), str(case["seed"]),
               f"{case['name']}:{options}"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=False)
    if done.returncode == SKIPPED:
        print(f"skipped: {done.stderr.strip()}")
        return None
    if done.returncode:
        print(f"DIFFERENT: {what}: the driver failed: {done.stderr.strip()}")
        return False
    return done.stdout.split() or False


def check(driver, engine, shape, dtype, loss, name, options, what):
    """None: the engine is not in this build."""
    case = {"name": name, "steps": 10, "rank": 2, "nu": 4, "eps": 1e-2, "lr": 1e-3,
            "seed": 12345678901234, **options}
    with tempfile.TemporaryDirectory() as directory, torch.no_grad():
        weights = make_weights(shape, np.random.default_rng(3))
        if dtype == "F16":
            weights = {k: v.half().double() for k, v in weights.items()}
        write_model(directory, shape, weights, dtype)
        lines = run_case(driver, engine, directory, what, BATCHES[loss], case)
        if not lines:
            return lines
        return compare(shape, weights, BATCHES[loss], case, lines).report(what)


# ---- a model directory -----------------------------------------------------------------------

EMBEDDED = {"data": {"train": "train.tsv", "dev": "dev.tsv"}, "delimiter": "\t", "quote": "",
            "template": "{sentence} It was", "options": [" terrible", " great"]}


def check_directory(options):
    """Every engine's scores of the task's first rows against the reader's; the largest difference is told."""
    import pytorch_reader

    task = dict(EMBEDDED, folder=os.path.join(os.path.dirname(__file__), "..", "workloads", "embedded"))
    if options.task:
        task = dict(pytorch_reader.read_json(".", options.task), folder=os.path.dirname(options.task) or ".")
    reader = pytorch_reader.Reader(options.model)
    with torch.no_grad():
        rows = pytorch_reader.read_rows(task, options.split)
        want = {(i, o): reader.score(prompt, text) for i, (prompt, texts) in zip(range(options.limit), rows)
                for o, text in enumerate(texts)}
    good = True
    for engine in options.engines.split(","):
        command = [options.zogap, "score", "--engines", engine, "--model", options.model, "--task", options.task or "embedded",
                   "--split", options.split, "--limit", str(options.limit), "--probes", "0"]
        said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
        lines = [line.split(",") for line in said.splitlines()]
        at = {name: i for i, name in enumerate(lines[0])}
        got = {(int(line[at["example"]]), int(line[at["option"]])):
               (float(line[at["logprob_mean"]]), int(line[at["n_option_tokens"]])) for line in lines[1:]}
        equal = got.keys() == want.keys() and all(got[key][1] == want[key][1] for key in want)
        worst = max(abs(got[key][0] - want[key][0]) for key in want) if equal else float("nan")
        print(f"{'equal' if worst <= options.tolerance else 'DIFFERENT'}: {engine}, {options.model}: {len(want)} option scores, "
              f"largest difference {worst:.2g}")
        good &= worst <= options.tolerance
    return 0 if good else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--driver", help="tests/engines/steps_driver of a build")
    parser.add_argument("--engines", default="naive", help="comma-separated")
    parser.add_argument("--zogap", help="the binary, with --model")
    parser.add_argument("--model", help="a Hugging Face directory")
    parser.add_argument("--task", help="a task file; the embedded task without")
    parser.add_argument("--split", default="dev", choices=("train", "dev"))
    parser.add_argument("--limit", type=int, default=20, help="rows")
    parser.add_argument("--tolerance", type=float, default=1e-5)
    options = parser.parse_args()
    if bool(options.model) != bool(options.zogap) or bool(options.model) == bool(options.driver):
        parser.error("give --driver, or --zogap and --model")
    torch.set_num_threads(1)
    if options.model:
        return check_directory(options)
    check_random()
    good, n_run = True, 0
    for engine in options.engines.split(","):
        for name, shape, dtype in SHAPES:
            for loss, algorithm, chosen in CASES:
                said = "".join(f" {k}={v}" for k, v in chosen.items())
                what = f"{engine}, {name}, {loss}, {algorithm}{said}"
                equal = check(options.driver, engine, shape, dtype, loss, algorithm, chosen, what)
                if equal is None:
                    break
                n_run += 1
                good &= equal
    if n_run == 0:
        return SKIPPED
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
