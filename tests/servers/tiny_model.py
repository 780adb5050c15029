"""A language model of a few thousand random weights, in the file format of llama.cpp: it says nothing sensible.

A server that holds its answers to a schema makes labels and short numbers of it all the same, with probabilities that
are its own. The same seed makes the same file.
"""

from pathlib import Path

import gguf
import numpy as np

WIDTH, HEADS, LAYERS, HIDDEN, CONTEXT = 32, 2, 1, 64, 4096
SPECIAL = ("<unk>", "<s>", "</s>")
TEMPLATE = (
    "{% for message in messages %}{{ message.role }}: {{ message.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant: {% endif %}"
)


def write_tiny_model(path: Path, *, seed: int = 0) -> None:
    """Write the file."""
    drawn = np.random.default_rng(seed)
    signs = ["▁", *(chr(code) for code in range(33, 127))]
    words = [*SPECIAL, *(f"<0x{byte:02X}>" for byte in range(256)), *signs]
    kinds = [gguf.TokenType.UNKNOWN, *[gguf.TokenType.CONTROL] * 2, *[gguf.TokenType.BYTE] * 256]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(words))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(words)
    writer.add_token_scores([0.0] * len(words))
    writer.add_token_types([*kinds, *[gguf.TokenType.NORMAL] * len(signs)])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_chat_template(TEMPLATE)

    def weights(name: str, *shape: int) -> None:
        writer.add_tensor(name, drawn.normal(0, 0.4, shape).astype(np.float32))

    weights("token_embd.weight", len(words), WIDTH)
    weights("output.weight", len(words), WIDTH)
    writer.add_tensor("output_norm.weight", np.ones(WIDTH, dtype=np.float32))
    for layer in range(LAYERS):
        for name in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{layer}.{name}.weight", np.ones(WIDTH, dtype=np.float32))
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            weights(f"blk.{layer}.{name}.weight", WIDTH, WIDTH)
        weights(f"blk.{layer}.ffn_gate.weight", HIDDEN, WIDTH)
        weights(f"blk.{layer}.ffn_up.weight", HIDDEN, WIDTH)
        weights(f"blk.{layer}.ffn_down.weight", WIDTH, HIDDEN)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
