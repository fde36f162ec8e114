"""VideoXception in Triton: a few fused kernels, one a file, and the networks that run them one after the other.

`FusedNetwork` is of types A and B. Activations lie channels last, as pairs: (N, T, H, W, 2C) holds the input x of a
block in its last C channels and the separable convolution h of it in its first C. So a block is two passes: `separable`
reads x and writes h, and `product` multiplies whole rows [h; x] by [W_p; W_s] and writes the pooled result as the x of
the next pair.

`LiteNetwork` is of types C and D. Activations lie channels last, (N * T, H, W, C). A block is one pass,
`inverted_residual`, or three: `pointwise`, `depthwise`, `pointwise`.

Every number is summed in an order that depends on the shape of a clip alone, never on the batch: no split sums, no
atomics, no choice of tile by batch. So a clip's logits are the same bits whatever is beside it.
"""
