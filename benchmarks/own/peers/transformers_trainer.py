"""Fine-tune with transformers' Trainer, as its guide to image classification shows it.

Settings are the guide's, but for the number of epochs. transformers has no EfficientNet-Lite of its own, but
wraps timm's.
"""

from functools import partial
from typing import Any

import numpy as np
import torch
from datasets import load_dataset
from transformers import Trainer, TrainingArguments
from transformers.models.timm_wrapper import (
    TimmWrapperConfig,
    TimmWrapperForImageClassification,
    TimmWrapperImageProcessor,
)

from benchmarks.own.peers.harness import arguments, epochs_within, lite_weights, write_answers

BATCH = 16


def transform(apply: Any, examples: Any) -> Any:
    """Return a batch's images as tensors."""
    examples["pixel_values"] = [apply(image.convert("RGB")) for image in examples.pop("image")]
    return examples


def collate(examples: Any) -> dict[str, torch.Tensor]:
    """Return a batch."""
    labels = torch.tensor([each["label"] for each in examples])
    return {"pixel_values": torch.stack([each["pixel_values"] for each in examples]), "labels": labels}


def accuracy(predicted: Any) -> dict[str, float]:
    """Return what is reported of the split."""
    return {"accuracy": float((predicted.predictions.argmax(1) == predicted.label_ids).mean())}


def main() -> None:
    """Train, and answer."""
    learn, held, answers, seconds, (network, lr, accumulation) = arguments()
    data = load_dataset("imagefolder", data_dir=str(learn), split="train").train_test_split(test_size=0.2, seed=0)
    names = data["train"].features["label"].names
    config = TimmWrapperConfig(architecture=f"tf_efficientnet_{network}", num_labels=len(names))
    model = TimmWrapperForImageClassification(config)
    weights = lite_weights(network, model.timm_model)
    fit = {k: v for k, v in weights.items() if not k.startswith("classifier")}
    model.timm_model.load_state_dict(fit, strict=False)
    processor = TimmWrapperImageProcessor(pretrained_cfg=model.timm_model.pretrained_cfg)
    train = data["train"].with_transform(partial(transform, processor.train_transforms))
    test = data["test"].with_transform(partial(transform, processor.val_transforms))
    loader = torch.utils.data.DataLoader(train, BATCH, collate_fn=collate)
    batches = ((each["pixel_values"], each["labels"]) for each in loader)
    epochs = epochs_within(seconds, model, batches, len(loader))
    options = TrainingArguments(
        output_dir=str(answers.with_suffix(".out")),
        remove_unused_columns=False,
        eval_strategy="no",
        save_strategy="no",
        learning_rate=float(lr),
        per_device_train_batch_size=BATCH,
        gradient_accumulation_steps=int(accumulation),
        per_device_eval_batch_size=BATCH,
        num_train_epochs=epochs,
        warmup_steps=0.1,
        logging_steps=10,
        report_to="none",
        use_cpu=True,
    )
    trainer = Trainer(
        model=model,
        args=options,
        data_collator=collate,
        train_dataset=train,
        eval_dataset=test,
        processing_class=processor,
        compute_metrics=accuracy,
    )
    trainer.train()
    reported = trainer.evaluate()["eval_accuracy"]
    # Of the benchmark:
    files = sorted(path for path in held.rglob("*") if path.is_file())
    judged = load_dataset("imagefolder", data_files=[str(path) for path in files], split="train", drop_labels=True)
    judged = judged.add_column("label", [0] * len(files)).with_transform(partial(transform, processor.val_transforms))
    found = np.asarray(trainer.predict(judged).predictions).argmax(1)
    named = {path.relative_to(held).as_posix(): names[k] for path, k in zip(files, found, strict=True)}
    write_answers(answers, reported, epochs, named)


if __name__ == "__main__":
    main()
