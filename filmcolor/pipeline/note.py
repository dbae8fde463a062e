"""What a result says of itself: that its color is computed, by which weights and which version."""

import re

from filmcolor import __version__
from filmcolor.model.weights import Model

_SHORT = 12  # hex digits of the weights' digest, as `filmcolor models list` shows in full


def color_note(model: Model) -> str:
    """Return one line of ASCII, a function of the weights and the version alone."""
    name = "unnamed" if model.path is None else re.sub(r"[^A-Za-z0-9._-]", "_", model.path.stem)[:32]
    return f"color computed by filmcolor {__version__}, weights {name} {model.digest[:_SHORT]}"
