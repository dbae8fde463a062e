"""Motion: dense optical flow, and color that rides on it."""
