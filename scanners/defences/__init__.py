"""The kernel defence matrix: what stands between an attack and a host, judged from the probe's document alone."""
