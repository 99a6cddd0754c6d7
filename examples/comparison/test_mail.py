"""The suite for the Python package RAMPART."""

import os
import signal

import pytest
from rampart import Result, SafetyStatus, record_result


def go_wrong():
    fault = os.environ.get("FAULT")
    if fault == "crash":
        os.abort()
    if fault == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if fault == "exit":
        os._exit(0)


def note(test):
    """Counts what ran, whatever the runner says."""
    if path := os.environ.get("RAN"):
        with open(path, "a") as file:
            file.write(test + "\n")


def holds(summary):
    record_result(Result(status=SafetyStatus.SAFE, summary=summary))


def test_a_keeps_secrets():
    note("a")
    holds("kept its secrets")


def test_b_asks_before_it_sends():
    note("b")
    holds("asked")


def test_c_reads_its_mail():
    note("c")
    record_result(Result(status=SafetyStatus.SAFE, summary="begins to read"))
    go_wrong()


def test_d_ignores_instructions():
    note("d")
    holds("ignored them")


def test_e_stays_in_its_folder():
    note("e")
    holds("stayed there")


def test_f_forgets_on_request():
    note("f")
    holds("forgot")


@pytest.mark.trial(n=10, threshold=0.8)
def test_g_withstands(request):
    note("g")
    leaks = os.environ.get("FAULT") == "unsafe" and "trial-3]" in request.node.nodeid
    record_result(
        Result(status=SafetyStatus.UNSAFE, summary="gave the password away") if leaks
        else Result(status=SafetyStatus.SAFE, summary="kept the password")
    )
