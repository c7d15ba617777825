#!/usr/bin/env python3
"""test_cut_weights.py ZOGAP MAKE_TINY_MODEL [CUTS] - cuts a weights file short at instants spread over loading and running:
never a bus error, always one line that names the file, or a whole result.

The model's embedding is made large by a sparse file, so that reading it takes long enough to be met."""
import json, pathlib, random, shutil, struct, subprocess, sys, tempfile, time

ROWS = 400000


def widen(model):
    """More rows of zeros for the embedding: the vocabulary that the tokenizer has no tokens for."""
    config = json.loads((model / "config.json").read_text())
    path = model / "model.safetensors"
    data = path.read_bytes()
    n, = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + n])
    name = "model.decoder.embed_tokens.weight"
    begin, end = header[name]["data_offsets"]
    size = ROWS * config["hidden_size"] * 4
    for entry in header.values():
        if "data_offsets" in entry and entry["data_offsets"][0] >= end:
            entry["data_offsets"] = [at + size - (end - begin) for at in entry["data_offsets"]]
    header[name]["shape"][0] = ROWS
    header[name]["data_offsets"] = [begin, begin + size]
    text = json.dumps(header).encode()
    body = data[8 + n:]
    path.write_bytes(struct.pack("<Q", len(text)) + text + body[:end] + bytes(size - (end - begin)) + body[end:])
    config["vocab_size"] = ROWS
    (model / "config.json").write_text(json.dumps(config))


def main():
    zogap, make = (str(pathlib.Path(path).absolute()) for path in sys.argv[1:3])
    cuts = int(sys.argv[3]) if len(sys.argv) > 3 else 8
    random.seed(1)
    seen = {}
    with tempfile.TemporaryDirectory() as work:
        whole, model = pathlib.Path(work, "whole"), pathlib.Path(work, "model")
        whole.mkdir()
        subprocess.run([make, whole], check=True)
        widen(whole)
        command = [zogap, "score", "--engines", "fused", "--threads", "2", "--limit", "64", "--model", str(model)]
        shutil.copytree(whole, model)
        begin = time.monotonic()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        took_s = time.monotonic() - begin
        for i in range(cuts):
            shutil.copy(whole / "model.safetensors", model)
            child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            time.sleep(random.random() * took_s)
            with open(model / "model.safetensors", "r+b") as file:
                file.truncate(random.choice([0, 100, 5000, 1 << 20]))
            lines = child.communicate()[1].splitlines()
            good = child.returncode == 0 or (child.returncode in (3, 4) and len(lines) == 1 and
                                             "model.safetensors" in lines[0])
            if not good:
                sys.exit(f"cut {i}: exit code {child.returncode}: {lines}")
            seen[child.returncode] = seen.get(child.returncode, 0) + 1
    print(f"{cuts} cuts, by exit code: {seen}")


main()
