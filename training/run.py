"""Trains a model and releases it.

    python -m training.run --recipe smoke                      a minute, on videos that it makes itself
    python -m training.run --layout ucf101 --data UCF-101 --annotations ucfTrainTestlist
                                                               UCF-101's videos, official lists
    python -m training.run --layout folders --data DIR         class folders of videos
    python -m training.run --layout stills --data DIR          class folders of frames
    python -m training.run --cache PACK                        a data set that training.cache pack made small
    torchrun --nproc-per-node 8 -m training.run --device cuda ...      on eight GPUs

Files are decoded once, into a cache that all runs on the same data share. Checkpoints and the log are kept in the run's
folder; a run that was stopped goes on with --resume. Every option has a value without being named; --recipe or --config
changes many of them at once, and options that are named change single ones.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from training import recipes
from training.cache import location
from training.cache.datamodule import open_data_module
from training.cache.loader import Clips, FrameLoader
from training.config.cli import add_options, config_from_options
from training.config.schema import Config, config_from_json
from training.data.splits import Split
from training.errors import TrainingError
from training.evaluation.leakage import record_sources
from training.export.int8 import HELP as INT8_HELP
from training.kernels.dispatch import passes_for
from training.model import checkpoint
from training.model.build import build_network
from training.model.pretrained import load_pretrained
from training.model.train_state import TrainState, load_weights, new_train_state
from training.reporting.plots.draw import draw_or_explain, draw_run
from training.trainer.distillation import Teacher
from training.trainer.distributed import World, process_group
from training.trainer.log import EpochReport, append_log
from training.trainer.loop import train
from training.trainer.runtime import find_device, keep_heap, version_warnings
from training.trainer.tensorboard import open_board
from training.trainer.validation import Validation
from videoxception.clip import ClipSpec
from videoxception.store import StoreError

_ALONE = World()


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command `python -m training.run`."""
    try:
        options = _parse(arguments)
        keep_heap()
        config = config_from_options(options)
        folder = Path(options.run or f"runs/{config.model_name}")
        with process_group(find_device(options.device)) as (world, device):
            config = _with_made_data(config, options.recipe, folder, world)
            trained = run(config, folder, options.resume, device, options.cache, world)
        if not world.leads:
            return
        if not trained:
            print(f"{folder} was finished already; python -m training.publish {folder} releases it again")
        elif options.publish:
            own_store = folder / "store" if options.recipe == "smoke" else Path("model_store")
            _publish(folder, Path(options.store) if options.store else own_store, options.int8)
    except (TrainingError, StoreError) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("\nstopped; the same command with --resume goes on after the last whole epoch")


def run(
    config: Config,
    folder: Path,
    resume: bool,
    device: torch.device,
    cache: Path | None = None,
    world: World = _ALONE,
) -> bool:
    """Trains to the config's last epoch, saving after each; false if that was done before. Raises `TrainingError`."""
    passes = passes_for(config.fused, device)
    material = open_data_module(config, ClipSpec(), cache)
    config = replace(material.config, grad_accum_steps=_parts(material.config, world))
    if config.auxiliary_share is not None and not config.data.auxiliary:
        raise TrainingError("--auxiliary-share means nothing without --auxiliary, which names the classes, or says all")
    state = new_train_state(build_network(config).to(device), config.optimizer)
    if world.leads:
        checkpoint.open_run(folder, config, resume)
        _warn(config)
    world.wait()
    if _restore(folder, state, config, device, world) and state.epoch == config.epochs:
        return False
    with world.leader_first():
        library, split, skipped = material.load()
    _say(world, *_parts_in_words(split), *(f"skipped {line}" for line in skipped))
    loader, validate = FrameLoader.of(split.training, library), None
    if len(split.validation):
        clips, targets = Clips(split.validation, library), torch.tensor(split.validation.targets)
        validate = Validation(clips, targets, len(config.data.classes), device, world)
    reports = train(state, config, loader, validate, device, world, Teacher.load(config, device), passes)
    if not world.leads:
        for _ in reports:
            pass
        return True
    record_sources(folder, config, split.training.groups)
    with open_board(folder) as show:
        for report in reports:
            checkpoint.save(folder, state, config.keep)
            append_log(folder, report)
            show(report)
            print(_line(report, config), flush=True)
    draw_or_explain(lambda: draw_run(folder))
    return True


def _restore(folder: Path, state: TrainState, config: Config, device: torch.device, world: World) -> bool:
    """Brings the state to where the run's folder is; else, for a fresh run, to the weights that --init names."""
    if checkpoint.restore(folder, state, device):
        _say(world, f"resuming after epoch {state.epoch} of {config.epochs}")
        return True
    if config.init:
        initial = load_pretrained(config, state.net)
        unfit = load_weights(state, initial.weights)
        fresh = [f"new, being of another shape or for other classes: {', '.join(unfit)}"] if unfit else []
        _say(world, "; ".join([f"starting from the weights of {config.init}", *initial.notes, *fresh]))
    return False


def _parts(config: Config, world: World) -> int:
    """How many parts each batch has: at least one a process."""
    parts = max(config.grad_accum_steps, world.size)
    if parts % world.size:
        raise TrainingError(
            f"--grad-accum-steps {parts} cannot be shared by {world.size} processes; make it a multiple of that"
        )
    return parts


def _with_made_data(config: Config, recipe: str, folder: Path, world: World) -> Config:
    """The recipe "smoke" makes its own data if none is named."""
    if recipe != "smoke" or config.data.data:
        return config
    from training.data.synthetic_videos import make_videos

    with world.leader_first():
        make_videos(folder / "data")
    return replace(config, data=replace(config.data, data=str(folder / "data")))


def _publish(folder: Path, store: Path, int8: bool) -> None:
    try:
        from training.publish import publish
    except ImportError as error:  # a machine for training alone
        print(f"not released here, for want of {error.name}; elsewhere: python -m training.publish {folder}")
    else:
        publish(folder, store, int8=int8)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    first = argparse.ArgumentParser(add_help=False)
    first.add_argument("--recipe", default="", metavar="NAME", help=f"a named config: {', '.join(recipes.RECIPES)}")
    first.add_argument("--config", type=Path, metavar="FILE", help="a config.json, such as a run's folder holds")
    chosen, _ = first.parse_known_args(arguments)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    parser = argparse.ArgumentParser(
        prog="python -m training.run",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[first],
    )
    parser.add_argument("--run", metavar="DIR", help="folder of the run (default: runs/<name of the model>)")
    parser.add_argument("--resume", action="store_true", help="go on with the run in that folder")
    parser.add_argument("--device", default=device, help="cpu, cuda or cuda:N (default: a GPU if there is one)")
    parser.add_argument("--cache", type=Path, metavar="DIR", help=location.HELP)
    parser.add_argument(
        "--store", metavar="DIR", help="model store to release into (default: model_store; smoke: the run's own)"
    )
    parser.add_argument(
        "--publish", action=argparse.BooleanOptionalAction, default=True, help="release the model when it is trained"
    )
    parser.add_argument("--int8", action=argparse.BooleanOptionalAction, default=True, help=INT8_HELP)
    add_options(parser, _defaults(chosen))
    return parser.parse_args(arguments)


def _defaults(chosen: argparse.Namespace) -> Config:
    """The config that single options change."""
    if chosen.recipe and chosen.config:
        raise TrainingError("--recipe and --config both name a whole config; leave one of them out")
    if chosen.config is None:
        return recipes.recipe(chosen.recipe or "default")
    try:
        return config_from_json(chosen.config.read_text())
    except OSError as error:
        raise TrainingError(f"--config: {chosen.config}: {error.strerror}") from error


def _warn(config: Config) -> None:
    spec, last = ClipSpec(), config.stages[-1]
    if (last.frames, last.size) != (spec.frames, spec.size[0]):
        print(f"warning: the last stage, {last}, is not of the {spec.frames} frames of {spec.size[0]} pixels that")
        print("         the released model will be shown")
    cudnn = torch.backends.cudnn.version() if torch.cuda.is_available() else None  # type: ignore[no-untyped-call]
    for fault in version_warnings(torch.__version__, cudnn):
        print(f"warning: {fault}")


def _parts_in_words(split: Split) -> list[str]:
    parts = (("training", split.training), ("held out", split.validation), ("others held out", split.auxiliary))
    return [
        *(
            f"{name}: {len(p)} items of {len(set(p.groups))} source videos, {len(p.classes)} classes"
            for name, p in parts
            if p.classes
        ),
        f"protocol: {split.protocol}",
        *(f"note: {note}" for note in split.notes),
    ]


def _say(world: World, *lines: str) -> None:
    for line in lines if world.leads else ():
        print(line, flush=True)


def _line(report: EpochReport, config: Config) -> str:
    seen = "" if report.validation is None else f"  held-out top-1 {report.validation:6.1%}"
    done = f"epoch {report.epoch:3}/{config.epochs}  {config.stage(report.epoch - 1).frames} frames"
    return f"{done}  loss {report.loss:.3f}  lr {report.lr:.2e}  {report.seconds:.0f} s{seen}"


if __name__ == "__main__":
    main()
