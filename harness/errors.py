"""The few exceptions that cross rooms. Each says what, where, what was expected, and a hint."""


class GateError(Exception):
    """Base of everything that Releasegate raises on purpose."""


class ConfigError(GateError):
    """Wrong usage or configuration: exit code 2, and nothing was started."""


class EngineError(GateError):
    """The infrastructure did not do its part: an errored check, never a failed candidate."""


class CandidateNotReady(GateError):
    """The candidate is not there to be asked: it never became ready, or it has died since."""


class ReportError(GateError):
    """A report cannot be read or written."""
