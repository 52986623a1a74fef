"""Only what this checkout's own tests need."""

from hypothesis import settings

pytest_plugins = ["pytester"]

# The same examples on every machine, and no verdict from a clock: a busy machine is no defect.
settings.register_profile("releasegate", deadline=None, derandomize=True, database=None)
settings.load_profile("releasegate")
