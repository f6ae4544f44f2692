"""Other programs that look into images, run as processes: Syft, Trivy, Grype. What they report, `scanners.reports` reads."""

from __future__ import annotations

from scanners.tools import grype, syft, trivy
from scanners.tools.tool import Tool

# In the order in which they look at an image: a list of packages is there first.
TOOLS: tuple[Tool, ...] = (syft, trivy, grype)
