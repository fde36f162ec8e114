"""Released network -> a graph that multiplies in 8-bit integers where that is quick, for CPUs.

The blocks behind the first one are quantised. The first has three channels only: int8 gains nothing there, and its
rounding would weigh the most. What is done, and where it is from:

- every tensor's channels are divided by the largest values they take, and the next layer's weights multiplied by them,
  so that all have one scale and none of 255 levels is wasted (cross-layer equalisation,
  https://arxiv.org/abs/1906.04721);
- a block's two products across channels are one, of both inputs side by side: one sum in integers, rounded once;
- its weights are rounded one input channel after the other, each making up for the error of those before (GPTQ,
  https://arxiv.org/abs/2210.17323);
- biases take up what rounding shifts in the mean of each channel (https://arxiv.org/abs/1906.04721).
"""

HELP = "release a graph in 8-bit integers too, for CPUs; making it takes minutes (default: yes)"
"""What --int8 is for, in the commands that release."""
