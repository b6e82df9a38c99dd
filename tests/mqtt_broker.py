"""An MQTT broker on loopback for tests: Debian's mosquitto, which can be killed and brought back on its port."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from paho.mqtt import publish

from tests.needs import need
from tests.ports import free_port

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
PASSWD = shutil.which("mosquitto_passwd")
CERTIFICATE = Path(__file__).parent / "fixtures" / "broker-certificate.pem"  # with its key, for tests alone
USER, PASSWORD = "line", "a-long-random-word"


@dataclass
class Mosquitto:
    """One broker; `more` are further lines of its configuration."""

    folder: Path
    more: str = "allow_anonymous true\n"
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        need(MOSQUITTO, "mosquitto is not installed: see tests/debian-packages.txt")
        file = self.folder / "mosquitto.conf"
        stays = "user root\n" if os.geteuid() == 0 else ""  # else it becomes a user who may not read the test's files
        file.write_text(f"{stays}listener {self.port} 127.0.0.1\npersistence false\n{self.more}")
        assert MOSQUITTO is not None
        self.process = subprocess.Popen([MOSQUITTO, "-c", str(file)], stderr=subprocess.DEVNULL)

    def kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def say(self, topic: str, payload: bytes | str, *, retain: bool = False) -> None:
        """Publishes one message, and returns when the broker has it. Raises OSError where there is no broker."""
        publish.single(topic, payload, qos=1, retain=retain, hostname="127.0.0.1", port=self.port)


def with_a_login(folder: Path) -> str:
    """The configuration of a broker that lets in one user alone."""
    assert PASSWD is not None
    file = folder / "users"
    subprocess.run([PASSWD, "-b", "-c", str(file), USER, PASSWORD], check=True, capture_output=True)
    return f"allow_anonymous false\npassword_file {file}\n"
