"""Whether contestants give the same answers: the label of each file, and how far probabilities are apart."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.service.client import Connection, Request, Response

Probabilities = dict[str, float]


@dataclass(frozen=True, slots=True)
class Answer:
    """A contestant's answer for a file."""

    label: str
    probabilities: Probabilities


def ask(port: int, requests: Sequence[Request]) -> dict[str, Answer]:
    """Return {file: answer}. Raises `RuntimeError` for a status other than 200."""
    with Connection(port) as connection:
        return {request.name: _answer(request, connection.send(request)) for request in requests}


def _answer(request: Request, response: Response) -> Answer:
    if response.status != 200:
        raise RuntimeError(f"{request.name} was answered with {response.status}: {response.body[:200]!r}")
    said = json.loads(response.body)
    said = said[0] if isinstance(said, list) else said  # a batch of one
    return Answer(said["label"], said["probabilities"])


def compare(ours: Mapping[str, Answer], theirs: Mapping[str, Answer]) -> str:
    """Return a sentence: how many labels agree, which differ, and the largest difference of a probability."""
    different = [name for name in ours if ours[name].label != theirs[name].label]
    apart = max(
        abs(ours[name].probabilities[action] - theirs[name].probabilities[action])
        for name in ours
        for action in ours[name].probabilities
    )
    said = (
        f"{len(ours) - len(different)} of {len(ours)} labels are the same; probabilities differ by {apart:.3f} at most"
    )
    listed = [f"{name} ({ours[name].label}, theirs {theirs[name].label})" for name in different]
    return said + ("; other labels: " + ", ".join(listed) if listed else "")
