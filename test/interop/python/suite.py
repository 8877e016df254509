"""The tests of one Python program: lists them, runs them in order, prints PASS and FAIL lines."""
import itertools
import logging
import os
import sys
import threading
import time
import traceback

_tests = []
_counter = itertools.count(1)
_results = sys.stdout


def test(name):
    """Declares a test; the function takes the address of the server."""

    def declare(body):
        _tests.append((name, body))
        return body

    return declare


def say(line):
    _results.write(line + "\n")
    _results.flush()


def ask(what):
    """Asks whoever runs this program for something, such as a restart of the server."""
    say("ASK " + what)
    answer = sys.stdin.readline().strip()
    if answer != "DONE":
        raise RuntimeError(f"{what} was answered with {answer}")


def fresh_path():
    """A path that no other test uses."""
    return f"/t{next(_counter)}"


def equal(expected, actual, what):
    if expected != actual:
        raise AssertionError(f"{what} is {actual!r}, expected {expected!r}")


def fails(kind, call, *args, **kwargs):
    try:
        result = call(*args, **kwargs)
    except kind as refused:
        return refused
    raise AssertionError(f"gave {result!r}, expected {kind.__name__}")


def wait_until(what, condition, patience=20):
    until = time.monotonic() + patience
    while not condition():
        if time.monotonic() > until:
            raise AssertionError(f"waited in vain until {what}")
        time.sleep(0.01)


def _run(body, address, outcome):
    try:
        body(address)
        outcome.append(None)
    except BaseException as failure:  # reported, whatever it is
        where = traceback.extract_tb(failure.__traceback__)
        frames = "".join(f" | at {f.filename.split('/')[-1]}:{f.lineno}" for f in where[-4:])
        outcome.append(f"{type(failure).__name__}: {failure}{frames}".replace("\n", "|"))


def main():
    global _results
    if sys.argv[1] == "--list":
        for name, _ in _tests:
            print(name)
        return
    # What libraries print must not be mistaken for results.
    _results = os.fdopen(os.dup(1), "w")
    sys.stdout = sys.stderr
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    good = True
    for name, body in _tests:
        outcome = []
        thread = threading.Thread(target=_run, args=(body, sys.argv[1], outcome), daemon=True)
        thread.start()
        thread.join(60)
        why = outcome[0] if outcome else "no end after 60 s"
        say(f"PASS {name}" if why is None else f"FAIL {name}: {why}")
        good = good and why is None
    _results.flush()
    os._exit(0 if good else 1)  # without waiting for threads of tests that failed
