"""Bytes to frames and frames to bytes: PyAV, Pillow and tifffile live here alone."""
