"""The conditional GAN: generator, discriminator, weights, prediction."""
