"""The trainer. Commands stand here, rooms below; a room imports only rooms that come after it in this list.

Commands: `run`, `cross_validate`, `evaluate`, `compare`, `publish`, `cache` (build, show, pack) and `fetch`; `recipes`
names settings.

Rooms:
    own         from a folder of one's own actions to a released model
    reporting   tables, model cards, plots
    evaluation  logits to figures with intervals, calibration, OOD, cross-validation, leakage
    export      the graphs that CPUs run, in f32 and int8
    trainer     the loop, sampler, distillation, validation, several processes
    bank        what frozen stages give for views of stills, computed once
    kernels     the network's blocks on a GPU, forward and backward
    model       how a network is built, initialised, saved
    augment     random changes of training clips
    cache       pixels decoded once; packs to carry
    fetch       downloads of data sets
    data        layouts on disk, splits by source video
    config      settings and the command line made of them
"""

from videoxception.quiet import block_telemetry

block_telemetry()  # before anything else is imported
