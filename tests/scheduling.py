"""How the kernel schedules the process that runs the tests."""

import os


def undo_real_time() -> None:
    """Undo what encoding by SVT-AV1 does to root's process: it, and all that it starts, would be real-time ones."""
    if os.sched_getscheduler(0) != os.SCHED_OTHER:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
