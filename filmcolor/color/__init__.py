"""Arithmetic on color: lightness, Lab, and the Cb and Cr of a film."""
