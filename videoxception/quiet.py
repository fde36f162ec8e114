"""What keeps dependencies from reporting home. Importing `videoxception`, `app` or `training` has it done."""

import sys


def block_telemetry() -> None:
    """Make OpenVINO's telemetry impossible to import in this process; OpenVINO then takes a stub that does nothing.

    Each `import openvino` would look up an analytics host and write an id under the home folder, unless `CI` is set.
    Source: openvino/tools/ovc/telemetry_utils.py of OpenVINO 2025 and 2026.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # None: "cannot be imported"
