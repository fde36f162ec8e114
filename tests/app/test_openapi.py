"""What the OpenAPI description says, beyond what tests/fuzz/test_openapi.py finds by asking."""

import json
from typing import Any

import httpx
import pytest

from app.examples import CLASSES, MODELS, PREDICT, PROBLEM_DETAILS
from app.factory import assemble
from app.problems import Problem, response_of
from app.settings import Settings
from tests.shipped import DEFAULT
from videoxception.api.problems import OTHER, PREFIX, PROBLEMS, ProblemType
from videoxception.api.schemas import ClassesResponse, ClipWarning, ModelsResponse, PredictResponse
from videoxception.clip import WARNINGS


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    return assemble(Settings()).openapi()


def test_predict_comes_first_and_operations_have_names(description: dict[str, Any]) -> None:
    names = [operation["operationId"] for path in description["paths"].values() for operation in path.values()]
    assert names == ["predict", "list_classes", "list_models", "live_v2", "live", "ready_v2", "ready", "metrics"]


def test_every_error_is_the_one_schema_of_problems(description: dict[str, Any]) -> None:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}}
    for path in description["paths"].values():
        for operation in path.values():
            for status, response in operation["responses"].items():
                told = {kind: {"schema": body["schema"]} for kind, body in response.get("content", {}).items()}
                assert status == "200" or told == content
                assert "X-Request-ID" in response["headers"]
                assert ("Retry-After" in response["headers"]) == (status == "503")


def test_enums_have_all_that_there_is(description: dict[str, Any]) -> None:
    assert {*ProblemType} == {OTHER, *(PREFIX + kind for kind in PROBLEMS)}
    assert {*ClipWarning, "video N of M"} == WARNINGS.keys()
    schemas = description["components"]["schemas"]
    assert schemas["ProblemType"]["enum"] == list(ProblemType)
    assert schemas["ClipWarning"]["enum"] == list(ClipWarning)


def test_examples_have_the_form_of_answers() -> None:
    for form, example in ((PredictResponse, PREDICT), (ClassesResponse, CLASSES), (ModelsResponse, MODELS)):
        assert json.loads(form.model_validate(example).model_dump_json()) == example
    assert PREDICT["model"]["sha256"] == DEFAULT.sha256
    assert PREDICT["label"] == max(PREDICT["probabilities"], key=PREDICT["probabilities"].get)


@pytest.mark.parametrize("kind", PROBLEMS)
def test_every_problem_has_an_example(kind: str, description: dict[str, Any]) -> None:
    problem = Problem(kind, PROBLEM_DETAILS[kind])
    content = description["paths"]["/predict"]["post"]["responses"][str(problem.status)]["content"]
    example = content["application/problem+json"]["examples"][kind]["value"]
    assert example == json.loads(bytes(response_of(problem).body))
    assert example["detail"]


def test_the_examples_of_refusals_are_real(client: httpx.Client) -> None:
    unread = (
        client.post("/predict?model=a&model=b", content=b"x"),
        client.post("/predict?model=videoxception-z", content=b"x"),
    )
    for answer in (*unread, client.post("/predict"), client.post("/predict", content=b"no video")):
        body = answer.json()
        assert body["detail"] == PROBLEM_DETAILS[body["type"].removeprefix(PREFIX)]
