# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of a run: what is in it is evidence when the run found something or broke off."""
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def evidence(prefix, keep, broken):
    """A folder, left where it stands when `broken` holds something at the end, at an exception, and when it is to be kept."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    gone = False
    try:
        yield folder
        gone = not (broken or keep)
    finally:
        if gone:
            shutil.rmtree(folder)
        else:
            print(f"logs and ledgers in {folder}", flush=True)
