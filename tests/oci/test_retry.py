import pytest
from hypothesis import given
from hypothesis import strategies as st

from artifacts import Recorder
from relgraph.effects import clock
from relgraph.effects.connection import NetworkFailure, Trouble
from relgraph.oci.errors import NotFound, RegistryFailure
from relgraph.oci.retry import LONGEST_PAUSE, Patience, Retries, pause_before, retry_after

PATIENCE = Patience(attempts=5, first=0.25)


class Clock:
    """A clock that only waiting moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        self.slept: list[float] = []
        monkeypatch.setattr(clock, "sleep", self.sleep)
        monkeypatch.setattr(clock, "monotonic", lambda: self.now)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@given(st.integers(1, 30), st.none() | st.floats(0, 10_000), st.floats(0, 0.999))
def test_pauses_double_and_stay_bounded(attempt: int, asked: float | None, spread: float) -> None:
    pause = pause_before(attempt, PATIENCE, asked, spread)
    assert 0 < pause <= LONGEST_PAUSE
    own = min(0.25 * 2 ** (attempt - 1), LONGEST_PAUSE)
    assert pause >= own / 2
    if asked is None:
        assert pause <= own
    else:
        assert pause >= min(asked, LONGEST_PAUSE)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("3", 3.0),
        (" 3 ", 3.0),
        ("soon", None),
        ("-1", None),
        ("9" * 400, 999999999.0),
        ("Thu, 01 Jan 1970 00:02:00 GMT", 60.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Thu, 01 Jan 99999 00:00:00 GMT", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, 60.0) == seconds


def failing(times: int, failure: Exception) -> "list[object]":
    return [failure] * times


def run(retries: Retries, outcomes: "list[object]") -> object:
    left = iter(outcomes)

    def operation() -> object:
        outcome = next(left)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return retries.run(operation)


DROPPED = NetworkFailure("dropped", trouble=Trouble.DROPPED)
BUSY = RegistryFailure("busy", status=503, passing=True)


@pytest.mark.parametrize("failure", [DROPPED, BUSY, NetworkFailure("slow", trouble=Trouble.TIMEOUT)])
def test_what_passes_is_attempted_again(failure: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    time, reporter = Clock(monkeypatch), Recorder()
    assert run(Retries(PATIENCE, reporter), [failure, failure, "done"]) == "done"
    assert len(time.slept) == len(reporter.retries) == 2
    assert 0.125 <= time.slept[0] <= 0.25 <= time.slept[1] <= 0.5


@pytest.mark.parametrize(
    "failure",
    [
        NetworkFailure("refused", trouble=Trouble.REFUSED),
        NetworkFailure("tls", trouble=Trouble.TLS),
        NetworkFailure("name", trouble=Trouble.UNKNOWN_HOST),
        NetworkFailure("forbidden", trouble=Trouble.FORBIDDEN),
        RegistryFailure("no", status=400),
        NotFound("x", where="y"),
    ],
)
def test_what_does_not_pass_fails_at_once(failure: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    time = Clock(monkeypatch)
    with pytest.raises(type(failure)):
        run(Retries(PATIENCE, Recorder()), [failure])
    assert time.slept == []


def test_attempts_end(monkeypatch: pytest.MonkeyPatch) -> None:
    time = Clock(monkeypatch)
    with pytest.raises(RegistryFailure):
        run(Retries(PATIENCE, Recorder()), [BUSY] * 5)
    assert len(time.slept) == 4
    assert sum(time.slept) <= 0.25 * (1 + 2 + 4 + 8)


def test_a_registry_that_asks_one_to_wait_makes_all_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    time = Clock(monkeypatch)
    retries = Retries(PATIENCE, Recorder())
    asked = RegistryFailure("slow down", status=429, passing=True, retry_after=7.0)
    assert run(retries, [asked, "done"]) == "done"
    assert 7.0 <= sum(time.slept) <= 7.25
    time.slept.clear()
    retries.pause(1, asked)
    assert run(retries, ["other"]) == "other"
    assert 7.0 <= sum(time.slept) <= 7.25
