"""An alarm on the monotonic clock: to a tenth of a millisecond where Linux has timerfd."""

from __future__ import annotations

import ctypes
import os
import sys
import time
from collections.abc import Callable
from typing import Any

_MONOTONIC = 1
_NONBLOCK_CLOEXEC = 0o2004000
_ABSOLUTE = 1
_SET_TIMER_SLACK = 29
_READ = 1


class _Time(ctypes.Structure):
    _fields_ = [("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long)]


class _Setting(ctypes.Structure):
    _fields_ = [("interval", _Time), ("first", _Time)]


class Alarm:
    """Calls `ring` in the event loop at a moment of `time.monotonic()`.

    gevent's own timers are rounded up to a whole millisecond by libev, which at 500 requests a
    second is half a millisecond of false latency in the median.
    """

    def __init__(self, loop: Any, ring: Callable[[], None]) -> None:
        self._loop = loop
        self._ring = ring
        self._set = False
        self._timer: Any = None
        self._libc: Any = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
        self._fd = -1 if self._libc is None else self._open()
        if self._fd >= 0:
            # Made once: at thousands of requests a second their making would be felt.
            self._setting = _Setting()
            self._pointer = ctypes.byref(self._setting)
            self._watcher = loop.io(self._fd, _READ)
            self._watcher.start(self._rung)

    def _open(self) -> int:
        self._libc.prctl(_SET_TIMER_SLACK, ctypes.c_ulong(1), 0, 0, 0)
        return int(self._libc.timerfd_create(_MONOTONIC, _NONBLOCK_CLOEXEC))

    def set(self, at: float) -> None:
        """Ring at `at`, or as soon as possible where that has passed; replaces an earlier time."""
        self._set = True
        if self._fd < 0:
            self._set_timer(at)
            return
        first = self._setting.first
        first.seconds = whole = int(at)
        first.nanoseconds = int((at - whole) * 1e9) or 1  # zero would disarm it
        if self._libc.timerfd_settime(self._fd, _ABSOLUTE, self._pointer, None) != 0:
            raise OSError(ctypes.get_errno(), "timerfd_settime")

    def close(self) -> None:
        """Never ring again."""
        if self._timer is not None:
            self._timer.close()
        if self._fd >= 0:
            self._watcher.stop()
            self._watcher.close()
            os.close(self._fd)

    def _set_timer(self, at: float) -> None:
        if self._timer is not None:
            self._timer.close()
        self._timer = self._loop.timer(max(0.0, at - time.monotonic()))
        self._timer.start(self._ring, update=True)  # the loop's own clock may be behind

    def _rung(self) -> None:
        self._set = False
        self._ring()
        if not self._set:  # setting it anew has taken the ringing back already
            try:
                os.read(self._fd, 8)
            except BlockingIOError:
                return
