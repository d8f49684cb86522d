"""Writes vectors.json: what all-MiniLM-L6-v2 says of a few texts, computed without this crate.

The network is written out here in NumPy with 64-bit floats after the BERT paper, the tokens come from the
Python package `tokenizers`. Run: python make.py MODEL_DIR   (needs numpy, safetensors, tokenizers)
"""

import json
import math
import pathlib
import sys

import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer

TEXTS = [
    "How do I reset my password?",
    "Steps to recover a forgotten login credential",
    "The cat sat quietly on the warm windowsill.",
    "VACUUM reclaims storage occupied by dead tuples.",
    "How can disk space of deleted rows be freed in PostgreSQL?",
    "",
    "Ça c'est l'été à Zürich, naïve façade",
    "数据库的备份与恢复",
    "データベースのバックアップ",
    "SELECT count(*) FROM pg_stat_activity WHERE state = 'active'; -- 42",
    "emoji \U0001f600 and \u00a0 odd\tspaces\r\n, e\u0301 combining, x\u0085y control",
    "word " * 300,
    "A sentence that has a little more to say. " * 11,
]
HEADS = 12
erf = np.vectorize(math.erf)


def norm(x, weight, bias):
    mean = x.mean(-1, keepdims=True)
    variance = ((x - mean) ** 2).mean(-1, keepdims=True)
    return (x - mean) / np.sqrt(variance + 1e-12) * weight + bias


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def encode(w, ids):
    def linear(x, name):
        return x @ w[name + ".weight"].T + w[name + ".bias"]

    def normed(x, name):
        return norm(x, w[name + ".weight"], w[name + ".bias"])

    def heads(x):
        return x.reshape(len(ids), HEADS, -1).transpose(1, 0, 2)

    x = w["embeddings.word_embeddings.weight"][ids]
    x = x + w["embeddings.position_embeddings.weight"][: len(ids)]
    x = normed(x + w["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    for layer in range(6):
        at = f"encoder.layer.{layer}."
        q, k, v = (heads(linear(x, at + "attention.self." + part)) for part in ("query", "key", "value"))
        scores = softmax(q @ k.transpose(0, 2, 1) / math.sqrt(q.shape[-1]))
        context = (scores @ v).transpose(1, 0, 2).reshape(len(ids), -1)
        x = normed(linear(context, at + "attention.output.dense") + x, at + "attention.output.LayerNorm")
        wide = linear(x, at + "intermediate.dense")
        wide = wide * 0.5 * (1 + erf(wide / math.sqrt(2)))
        x = normed(linear(wide, at + "output.dense") + x, at + "output.LayerNorm")
    mean = x.mean(0)
    return mean / np.linalg.norm(mean)


def main():
    model = pathlib.Path(sys.argv[1])
    weights = {name: t.astype(np.float64) for name, t in load_file(model / "model.safetensors").items()}
    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    whole = [len(tokenizer.encode(text).ids) for text in TEXTS]
    tokenizer.enable_truncation(256)
    rows = []
    for text, length in zip(TEXTS, whole):
        ids = tokenizer.encode(text).ids
        vector = encode(weights, np.array(ids))
        rows.append({
            "text": text,
            "tokens": len(ids),
            "truncated": length > 256,
            "ids": ids[:24],
            "vector": [round(float(value), 7) for value in vector],
        })
    here = pathlib.Path(__file__).parent / "vectors.json"
    lines = ",\n".join(json.dumps(row, ensure_ascii=True) for row in rows)
    here.write_text(f"[\n{lines}\n]\n")


main()
