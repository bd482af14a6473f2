# Where a rule of tidy.py does not hold, and why. (rule, path) or (rule, path:function) -> reason.
# An entry that excuses nothing is itself a violation.

EXCEPTIONS = {}
