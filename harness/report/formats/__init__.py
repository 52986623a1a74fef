"""One file a format: `FILE` is what it is written to, `render(report) -> str` is its text."""
