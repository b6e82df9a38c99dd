"""Keeps ONNX Runtime from telling its makers about the models it runs. Imported before it, wherever it is imported.

Its official builds for Linux do that by default since 1.29: they keep a database under ~/.cache and send names and
hashes of the models to a server (github.com/microsoft/onnxruntime, pull request 27379). Nothing of a line is anybody
else's business. `disable_telemetry_events()` comes too late: the database is made at the import.
"""

from __future__ import annotations

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
