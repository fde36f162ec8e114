import pytest

from app.admission import Admission
from app.problems import Problem


def refusal(admission: Admission, size: int = 0) -> Problem:
    """The problem that a request with an upload of so many bytes gets."""
    with pytest.raises(Problem) as caught, admission.enter() as reservation:
        reservation.hold(size)
    return caught.value


def test_a_place_is_free_again_when_its_request_has_ended() -> None:
    admission = Admission(1, 100, lambda: 0.0)
    with admission.enter():
        assert refusal(admission).kind == "overloaded"
    with pytest.raises(KeyError), admission.enter():
        raise KeyError
    with admission.enter():
        assert admission.in_flight == 1


def test_bytes_are_counted_over_all_requests_and_given_back() -> None:
    admission = Admission(9, 100, lambda: 0.0)
    with admission.enter() as reservation:
        reservation.hold(60)
        reservation.hold(30)  # less than before: it is the upload's size so far, not one more piece
        assert admission.bytes == 60
        assert "limit" in refusal(admission, 41).detail
        with admission.enter() as other:
            other.hold(40)
    assert admission.bytes == 0


@pytest.mark.parametrize(("backlog", "seconds"), [(0.0, "1"), (0.3, "1"), (7.2, "8")])
def test_who_is_refused_is_told_how_long_the_work_that_waits_will_take(backlog: float, seconds: str) -> None:
    problem = refusal(Admission(9, 100, lambda: backlog), 101)
    assert problem.headers["Retry-After"] == seconds
    assert f"try again in {seconds} s" in problem.detail
