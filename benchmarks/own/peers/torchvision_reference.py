"""Train by the loop and the settings of torchvision's reference script for classification, in short.

ResNet-18 is what it trains if none is named; it begins with nothing, since torchvision's weights need a network.
"""

import torch
from torch import nn
from torch.utils.data import DataLoader, Subset
from torchvision.datasets import ImageFolder
from torchvision.models import resnet18
from torchvision.transforms import v2

from benchmarks.own.peers.harness import arguments, epochs_within, write_answers

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
BATCH = 32


def named_by(net: nn.Module, data: ImageFolder | Subset[object]) -> torch.Tensor:
    """Return the class number of each item, (N,)."""
    net.eval()
    with torch.inference_mode():
        return torch.cat([net(inputs).argmax(1) for inputs, _ in DataLoader(data, BATCH)])


def main() -> None:
    """Train, and answer."""
    learn, held, answers, seconds, _ = arguments()
    torch.manual_seed(0)
    tensor = [v2.PILToTensor(), v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD)]
    augmented = v2.Compose([v2.RandomResizedCrop(224), v2.RandomHorizontalFlip(), *tensor])
    plain = v2.Compose([v2.Resize(256), v2.CenterCrop(224), *tensor])
    order = torch.randperm(len(ImageFolder(learn))).tolist()
    kept = len(order) // 5
    train, test = Subset(ImageFolder(learn, augmented), order[kept:]), Subset(ImageFolder(learn, plain), order[:kept])
    names = ImageFolder(learn).classes
    loader = DataLoader(train, BATCH, shuffle=True)
    net = resnet18(num_classes=len(names))
    epochs = epochs_within(seconds, net, loader, len(loader))
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=max(1, epochs // 3), gamma=0.1)
    for epoch in range(epochs):
        net.train()
        for inputs, targets in loader:
            loss = criterion(net(inputs), targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        scheduler.step()
        print(f"epoch {epoch}: loss {loss.item():.3f}", flush=True)
    truth = torch.tensor([test.dataset.targets[row] for row in test.indices])
    reported = (named_by(net, test) == truth).float().mean().item()
    # Of the benchmark:
    judged = ImageFolder(held, plain)
    found = named_by(net, judged).tolist()
    paths = [path.removeprefix(f"{held}/") for path, _ in judged.samples]
    write_answers(answers, reported, epochs, {path: names[k] for path, k in zip(paths, found, strict=True)})


if __name__ == "__main__":
    main()
