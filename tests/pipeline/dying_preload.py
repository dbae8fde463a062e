"""Imported by the process from which dying runs are forked: torch and the weights are loaded once for all."""

from tests.pipeline.dying import predictor

predictor()
