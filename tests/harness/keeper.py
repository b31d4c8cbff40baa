# SPDX-License-Identifier: GPL-3.0-or-later
"""The keeper of keys of a gateway, as a process beside it."""
import signal
import subprocess

from .gateway import BIN


class Keeper:
    def __init__(self, gateway):
        self.gateway, self.process = gateway, None
        self.program = [BIN / "qaqpa-keyd"]
        self.path = gateway.folder / "keys.sock"
        self.log = gateway.folder / "keeper.log"
        gateway.conf["keeper"] = str(self.path)

    def start(self, **how):
        conf, before = self.gateway.write(), self.count("keeper.ready")
        self.process = subprocess.Popen([*self.program, "--config", conf], stderr=self.log.open("ab"), **how)
        self.gateway.log_path, self.gateway.log_from = self.log, 0
        self.gateway.wait(lambda: self.count("keeper.ready") > before or self.process.poll() is not None)
        assert self.process.poll() is None, self.log.read_text()
        return self

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(20)

    def said(self, words):
        return self.count(words) > 0

    def count(self, words):
        return self.log.read_text().count(words) if self.log.exists() else 0
