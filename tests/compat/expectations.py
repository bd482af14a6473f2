"""What foreign tests may not pass, from lines of "fail|skip|any CLASS.TEST reason"."""
import os

import harness
import paths


def read_exceptions(name):
    """{"CLASS.TEST": "fail", "skip" or "any"} from the file `name` in this folder."""
    exceptions = {}
    with open(os.path.join(paths.HERE, name), encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                outcome, test, reason = line.strip().split(" ", 2)
                harness.check(outcome in ("fail", "skip", "any") and reason, f"cannot read: {line}")
                exceptions[test] = outcome
    return exceptions


def compare(name, results, exceptions, problems):
    """How many of a class's `results`, {TEST: (outcome, reason)}, passed.

    What is not as it should be goes to `problems`, an exception that no longer holds too.
    """
    expected = {test.split(".", 1)[1]: outcome for test, outcome in exceptions.items()
                if test.split(".", 1)[0] == name}
    for test, (outcome, reason) in results.items():
        wanted = expected.pop(test, "pass")
        if wanted not in (outcome, "any"):
            problems.append(f"{name}.{test}: {outcome}, expected {wanted}: {reason}")
    for test in expected:
        problems.append(f"{name}.{test} is among the exceptions and was not run")
    return sum(outcome == "pass" for outcome, _ in results.values())
