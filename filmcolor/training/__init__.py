"""Training of the conditional GAN."""
