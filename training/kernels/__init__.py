"""The network's blocks in training, forward and backward, as two autograd functions made of Triton kernels.

Plain PyTorch reads and writes the activations of a separable convolution 38 times a step: each convolution, norm and
ReLU is a pass of its own, and so is its gradient. Here a norm and its ReLU are computed wherever their input is read,
the sums that batch norms and gradients of weights need are taken while their terms are in registers, and 16 times are
left. A block's output is never written before its maximum over 2 x 2 pixels, nor its gradient
(docs/explanation/gpu.md).

Activations are (pixels, C), channels last: clips, frames, lines and columns in a row. Each program sums its own pixels,
always in the same order, and PyTorch adds up the programs: nothing is added atomically, so results are deterministic.
"""
