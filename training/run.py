"""Train a model and release it.

    python -m training.run DIR --name my-actions               a folder of one's own actions, in 20 minutes
    python -m training.run --recipe smoke                      a minute, on videos that it makes itself
    python -m training.run --layout ucf101 --data UCF-101 --annotations ucfTrainTestlist
                                                               UCF-101's videos, official lists
    python -m training.run --layout folders --data DIR         class folders of videos
    python -m training.run --layout stills --data DIR          class folders of frames
    python -m training.run --cache PACK                        a data set that training.cache pack made small
    torchrun --nproc-per-node 8 -m training.run --device cuda ...      on eight GPUs

Files are decoded once, into a cache that all runs on the same data share. Checkpoints and the log are kept in the run's
folder; a run that was stopped goes on with --resume. --data, --cache or --recipe smoke says what to train on;
all other options have defaults. --recipe or --config changes many of them at once, single options change one each.
"""

import argparse
import errno
import json
import logging
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from shlex import quote

import torch

from training import recipes
from training.atomic_write import write_atomically
from training.bank.build import build_bank, viewed_items
from training.bank.loader import BankLoader
from training.bank.view_loader import ViewLoader
from training.cache.datamodule import DataModule, open_data_module
from training.cache.loader import FrameLoader, Library, Loader
from training.config.cli import add_cache_option, add_options, config_from_options
from training.config.clip import ClipConfig
from training.config.console import show_log
from training.config.schema import AUTO, OF_FRAMES, Config, config_from_json
from training.config.stages import resized_stages
from training.data.loading import open_dataset
from training.data.splits import Split
from training.data.survey import Survey
from training.errors import TrainingError
from training.evaluation.leakage import record_sources
from training.export.int8 import HELP as INT8_HELP
from training.kernels.dispatch import passes_for
from training.model import checkpoint
from training.model.build import build_network
from training.model.frozen import freeze, frozen_names
from training.model.pretrained import describe_pretrained, first_weights
from training.model.projection import feature_projection
from training.model.train_state import TrainState, load_weights, new_train_state
from training.names import is_text
from training.releases import STORE_HELP, check_name, released_as
from training.reporting.plots.draw import draw_or_explain, draw_run
from training.trainer.bank_teacher import BankTeacher
from training.trainer.distillation import Teacher
from training.trainer.distributed import World, process_group
from training.trainer.log import append_log
from training.trainer.loop import TrainContext, train
from training.trainer.runtime import find_device, keep_heap, version_warnings
from training.trainer.tensorboard import open_board
from training.trainer.validation import Validation
from videoxception.store import StoreError, user_store

_ALONE = World()
_LOGGER = logging.getLogger("training.run")  # also where it runs as __main__
_OF_DISKS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES)
_WORKS = (
    "the whole chain works: videos made, decoded, trained on, scored, exported, and released as a model that answers"
    " (what its accuracy is means nothing)"
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command `python -m training.run`."""
    show_log()
    goes_on = "the same command with --resume goes on after the last whole epoch"
    try:
        options = parse(arguments)
        if options.folder:
            goes_on = "the same command goes on; what was computed is kept"
        train_and_release(options)
    except (TrainingError, StoreError) as error:
        sys.exit(f"error: {error}")
    except OSError as error:
        if error.errno not in _OF_DISKS:
            raise
        sys.exit(f"error: {error.filename or 'a file'} cannot be written: {error.strerror}; {goes_on}")
    except KeyboardInterrupt:
        sys.exit(f"\nstopped; {goes_on}")


def train_and_release(options: argparse.Namespace) -> None:
    """Do what the options say. Raises `TrainingError` and `StoreError`."""
    keep_heap()
    config = config_of(options)
    folder = Path(options.run or f"runs/{config.model_name}")
    store = _store(options, folder)
    _check_resumed(options, config, folder)
    if options.folder:
        _train_folder(options, config, folder, store)
        return
    if options.publish and config.data.data:  # now, and not after what may take hours
        check_name(store, config.model_name, open_dataset(config.data).config.classes)
    with process_group(find_device(options.device)) as (world, device):
        if not world.leads:
            show_log(logging.ERROR)  # once is enough
        config = _with_synthetic_data(config, options.recipe, folder, world)
        trained = run(config, folder, options.resume, device, options.cache, world, options.banks)
    if not world.leads:
        return
    released = None if trained else released_as(folder)
    if released:
        again = f"python -m training.publish {quote(str(folder))} releases it again"
        print(f"{folder} was finished already, and released as {released}; {again}")
    elif options.publish:
        _publish(folder, store, options.int8)
        if options.recipe == "smoke":
            print(_WORKS)


def _check_resumed(options: argparse.Namespace, config: Config, folder: Path) -> None:
    """Raise `TrainingError` for --resume without the options that a run was started with, which its config has."""
    saved, said = folder / "config.json", options.folder or options.cache or options.recipe or config.data.data
    if options.resume and not said and saved.exists():
        raise TrainingError(
            f"--resume needs the options that {folder} was started with; {saved} has them: python -m training.run"
            f" --config {quote(str(saved))} --run {quote(str(folder))} --resume (with its --cache, --banks and --store)"
        )


def _train_folder(options: argparse.Namespace, config: Config, run: Path, store: Path) -> None:
    """Train on a folder of one's own: heads on types C and D, any other architecture as a whole."""
    from training.train_folder import train_folder  # needs a decoder, and the rest does not
    from training.train_whole import train_whole

    if _has_heads(config.architecture):
        train_folder(options.folder, config, run, store, options.minutes, find_device(options.device))
    else:
        train_whole(options, config, run, store)


def _has_heads(architecture: str) -> bool:
    return architecture in (AUTO, *OF_FRAMES)


def config_of(options: argparse.Namespace) -> Config:
    """Return the config that the command's options describe. Raises `TrainingError`."""
    config = config_from_options(options)
    return replace(config, stages=resized_stages(config.stages, options.epochs, options.batch_size))


def _store(options: argparse.Namespace, folder: Path) -> Path:
    """Return the store to release into: the one named, else the run's own for a trial, else the user's own."""
    if options.store:
        return Path(options.store)
    return folder / "store" if options.recipe == "smoke" else user_store()


def run(
    config: Config,
    folder: Path,
    resume: bool,
    device: torch.device,
    cache: Path | None = None,
    world: World = _ALONE,
    banks: Path = Path("banks"),
) -> bool:
    """Train to the config's last epoch, saving after each; return False if that was done before.

    Raises:
        TrainingError: the data, the config or what is in the folder does not fit.
    """
    if not is_text(str(folder)):
        raise TrainingError(f"--run {str(folder)!r}: the name is not UTF-8, as TensorBoard needs; name another folder")
    passes = passes_for(config.fused, device)
    data = open_data_module(config, cache)
    config = _settle(data.config, world)
    net = build_network(config).to(device)
    freeze(net, config.frozen.frozen_stages)
    state = new_train_state(net, config.optimizer, feature_projection(net, config))
    _open_folder(folder, config, resume, world)
    if world.leads:
        _tell(data.survey(), folder)
    restored = checkpoint.restore(folder, state, device)
    if not world.agree(state.epoch, device):
        raise TrainingError(f"{folder} is not the same folder for all processes; name one that all nodes see")
    if not restored:
        _start(state, config)
    elif state.epoch == config.epochs:
        return False
    else:
        _LOGGER.info(f"resuming after epoch {state.epoch} of {config.epochs}")
    library, split = _load(data, world)
    validate = Validation.of(split, library, config.clip, device, world)
    loader, teacher = _loader_and_teacher(state, config, split, library, world, banks)
    _train(TrainContext(state, config, loader, validate, device, world, teacher, passes), folder, split)
    return True


def _settle(config: Config, world: World) -> Config:
    """Share each batch between the processes; check what depends on the data."""
    if config.init_share and not config.init:
        raise TrainingError("--init-share means nothing without --init, which names the weights to start from")
    return replace(config, grad_accum_steps=world.micro_batches(config.grad_accum_steps))


def _open_folder(folder: Path, config: Config, resume: bool, world: World) -> None:
    if world.leads:
        checkpoint.open_run(folder, config, resume)
    _warn(config)
    world.wait()


def _tell(survey: Survey, folder: Path) -> None:
    """Log what was found in the data set's folders; keep it in the run's."""
    for line in survey.describe():
        _LOGGER.info(line)
    write_atomically(folder / "data.json", json.dumps(asdict(survey), indent=2).encode())


def _start(state: TrainState, config: Config) -> None:
    """Give a fresh run the weights that --init or --pretrained names, if any.

    Raises `TrainingError` if they leave frozen weights randomly initialised, which --pretrained none may ask for of an
    architecture whose network of frames is always frozen.
    """
    initial = first_weights(config, state.net)
    unfit = load_weights(state, initial.weights if initial else {})
    drawn = set(unfit).intersection(frozen_names(state.net, config.frozen.frozen_stages))
    if drawn and config.frozen.frozen_stages:
        raise TrainingError(
            f"--frozen-stages: {len(drawn)} weights of frozen stages, such as {min(drawn)}, would stay randomly"
            " initialised; name weights that have them, by --pretrained or --init"
        )
    if drawn and config.pretrained != "none":
        raise TrainingError(
            f"--architecture {config.architecture}: its network of frames is never trained, and would stay randomly"
            " initialised; name weights that have it, by --pretrained (imagenet, or a file) or --init; or try it out as"
            " it is: --pretrained none"
        )
    if drawn:
        _LOGGER.warning("the frozen network of frames stays randomly initialised (--pretrained none)")
    if initial is None:
        return
    fresh = [f"new, being of another shape or for other classes: {', '.join(unfit)}"] if unfit else []
    origin = f"the weights of {config.init}" if config.init else describe_pretrained(config)
    _LOGGER.info("; ".join([f"starting from {origin}", *initial.notes, *fresh]))


def _loader_and_teacher(
    state: TrainState, config: Config, split: Split, library: Library, world: World, banks: Path
) -> tuple[Loader, Teacher | BankTeacher | None]:
    """Return what steps are gathered from, and whom they learn from; one process computes what banks lack."""
    device = next(state.net.parameters()).device
    if not config.frozen.views:
        return FrameLoader.of(split.training, library), Teacher.load(config, device)
    items = viewed_items(split.training, library, config)
    targets = torch.tensor(split.training.targets)
    with world.leader_first():
        teacher = BankTeacher.load(config, items, banks, device)
        if not config.banked:
            return ViewLoader(items, targets, config), teacher
        return BankLoader(build_bank(banks, config, state.average, items, device), items, targets), teacher


def _load(data: DataModule, world: World) -> tuple[Library, Split]:
    """Decode what the cache lacks, in one process for all; say what there is to train on."""
    with world.leader_first():
        library, split, skipped = data.load()
    for line in (*split.describe(), *(f"skipped {line}" for line in skipped)):
        _LOGGER.info(line)
    return library, split


def _train(context: TrainContext, folder: Path, split: Split) -> None:
    """Train; the leading process saves, logs and draws."""
    reports = train(context)
    if not context.world.leads:
        deque(reports, maxlen=0)
        return
    record_sources(folder, context.config, split.training.groups, split.training.items)
    with open_board(folder) as show:
        for report in reports:
            checkpoint.save(folder, context.state, context.config.keep)
            append_log(folder, report)
            show(report)
            _LOGGER.info(report.describe(context.config))
    draw_or_explain(lambda: draw_run(folder))


def _with_synthetic_data(config: Config, recipe: str, folder: Path, world: World) -> Config:
    """Make the videos of the recipe "smoke", if no data are named."""
    if recipe != "smoke" or config.data.data:
        return config
    from training.data.synthetic_videos import make_videos

    with world.leader_first():
        make_videos(folder / "data")
    return replace(config, data=replace(config.data, data=str(folder / "data")))


def _publish(folder: Path, store: Path, int8: bool) -> None:
    try:
        from training.publish import announcement, publish
    except ImportError as error:  # a machine for training alone
        print(
            f"not released here, for want of {error.name}; elsewhere: python -m training.publish {quote(str(folder))}"
        )
    else:
        print(announcement(publish(folder, store, int8=int8), store))


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the command's options. Raises `TrainingError`."""
    options = _parser(arguments).parse_args(arguments)
    if not options.folder:
        return options
    if options.recipe or options.config:
        raise TrainingError(
            f"{options.folder}: a folder of one's own has a recipe of its own; leave --recipe and --config out"
        )
    given = sys.argv[1:] if arguments is None else list(arguments)
    own = _parser(["--recipe", "own"]).parse_args(given)
    return own if _has_heads(own.architecture) else options


def _parser(arguments: Sequence[str] | None) -> argparse.ArgumentParser:
    """Return the parser whose defaults are those of the recipe or the config that the arguments name."""
    first = argparse.ArgumentParser(add_help=False)
    first.add_argument(
        "--recipe", default="", metavar="NAME", help=f"a named config to start from: {', '.join(recipes.RECIPES)}"
    )
    first.add_argument("--config", type=Path, metavar="FILE", help="a config.json, such as a run's folder holds")
    chosen = _chosen(first, arguments)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    parser = argparse.ArgumentParser(
        prog="python -m training.run",
        usage="%(prog)s (DIR | --recipe smoke | --layout NAME --data DIR | --cache PACK) [options]",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[first],
    )
    parser.add_argument(
        "folder",
        nargs="?",
        metavar="DIR",
        help="folder of one's own actions, with a folder of clips for each: from it to a released model",
    )
    parser.add_argument(
        "--minutes", type=float, default=20.0, metavar="X", help="with DIR, the time for everything (default: 20)"
    )
    parser.add_argument(
        "--run", "--run-dir", metavar="DIR", help="folder of the run (default: runs/<name of the model>)"
    )
    parser.add_argument("--resume", action="store_true", help="go on with the run in that folder")
    parser.add_argument("--device", default=device, help="cpu, cuda or cuda:N (default: a GPU if there is one)")
    add_cache_option(parser)
    parser.add_argument(
        "--banks", type=Path, default=Path("banks"), metavar="DIR", help="folder of --views' banks (default: banks)"
    )
    parser.add_argument("--store", metavar="DIR", help=f"{STORE_HELP}; smoke: the run's own")
    parser.add_argument(
        "--publish",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="release the model when it is trained (default: yes)",
    )
    parser.add_argument("--int8", action=argparse.BooleanOptionalAction, default=True, help=INT8_HELP)
    parser.add_argument(
        "--epochs", type=int, metavar="N", help="epochs in all, shared by the stages as --stages has it"
    )
    parser.add_argument("--batch-size", type=int, metavar="N", help="clips in a batch of every stage")
    add_options(parser, _defaults(chosen))
    return parser


def _chosen(first: argparse.ArgumentParser, arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options that the defaults of all others depend on."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False, parents=[first])
    parser.add_argument("--architecture", default="")
    parser.add_argument("--clip-frames", type=int)
    parser.add_argument("--clip-size", type=int)
    try:
        return parser.parse_known_args(arguments)[0]
    except argparse.ArgumentError:  # the whole parser says what is wrong
        return parser.parse_args([])


def _defaults(chosen: argparse.Namespace) -> Config:
    """Return the config that single options change."""
    if chosen.recipe and chosen.config:
        raise TrainingError("--recipe and --config both name a whole config; leave one of them out")
    if chosen.config is None:
        clip = ClipConfig(clip_frames=chosen.clip_frames, clip_size=chosen.clip_size)
        return recipes.recipe(chosen.recipe or "default", chosen.architecture, clip)
    try:
        return config_from_json(chosen.config.read_text())
    except OSError as error:
        raise TrainingError(f"--config: {chosen.config}: {error.strerror}") from error


def _warn(config: Config) -> None:
    spec, last = config.clip, config.stages[-1]
    of_stills = config.frozen.views and config.view_frames == 1  # whose frames are all one
    frames = 1 if of_stills else spec.frames
    if (last.frames, last.size) != (frames, spec.size[0]):
        _LOGGER.warning(
            f"the last stage, {last}, is not of the {frames} frames of {spec.size[0]} pixels that\n"
            "         the released model will be shown"
        )
    cudnn = torch.backends.cudnn.version() if torch.cuda.is_available() else None  # type: ignore[no-untyped-call]
    for fault in version_warnings(torch.__version__, cudnn):
        _LOGGER.warning(fault)


if __name__ == "__main__":
    main()
