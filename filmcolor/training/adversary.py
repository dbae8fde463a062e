"""The other side of the cGAN in training: discriminators, their optimizer, and the stage's course."""

import contextlib
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from filmcolor.model.discriminator import PatchGAN, Pix2PixDiscriminator
from filmcolor.training.losses import discriminator_loss
from filmcolor.training.settings import AdversarialSettings
from filmcolor.training.together import Together

_MEMORY = 0.98  # of the running share of patches told apart
_WINNING = 0.95
_WARN_EVERY = 500  # steps

Autocast = Callable[[], contextlib.AbstractContextManager[object]]


class Adversary:
    """Discriminators on (L*, ab) and what they have learned.

    accuracy: running share of patches that they tell apart. since: the step at which the stage began, or
    None.
    """

    def __init__(
        self,
        settings: AdversarialSettings,
        device: torch.device,
        autocast: Autocast,
        together: Together = Together(),  # noqa: B008  frozen
    ) -> None:
        self.settings = settings
        self._together = together
        self._device = device
        self.accuracy = 0.5
        self.since: int | None = None
        self._autocast = autocast
        self._warned = -_WARN_EVERY
        nets: list[nn.Module] = []
        if settings.gan == "log":
            nets = [Pix2PixDiscriminator(settings.base)]
        elif settings.gan == "hinge":
            nets = [PatchGAN(settings.base) for _ in range(2 if settings.quarter else 1)]
        self.nets = nn.ModuleList(nets).to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._optimizer: torch.optim.Optimizer | None = None
        if nets:
            self._optimizer = torch.optim.Adam(self.nets.parameters(), lr=settings.lr, betas=settings.betas)

    def begin(self, step: int, progress: float) -> None:
        """Start the stage once its share of the budget has come."""
        if self.since is None and len(self.nets) and progress >= self.settings.begin:
            self.since = step

    @property
    def active(self) -> bool:
        """Whether the discriminators learn by now."""
        return self.since is not None

    def warming(self, step: int) -> bool:
        """Whether only the discriminators learn at this step."""
        return self.since is not None and step < self.since + self.settings.warmup

    def weight(self, step: int) -> float:
        """Factor on the adversarial loss at this step: 0 before the stage, then rising to 1."""
        if self.since is None:
            return 0.0
        done = step - self.since - self.settings.warmup + 1
        return min(1.0, max(0.0, done / max(1, self.settings.ramp)))

    def judge(self, lightness: Tensor, ab: Tensor) -> list[Tensor]:
        """Logits of each discriminator; the second one sees half the size."""
        out = []
        with self._autocast():
            for number, net in enumerate(self.nets):
                if number:
                    lightness, ab = F.avg_pool2d(lightness, 2), F.avg_pool2d(ab, 2)
                out.append(net(lightness, ab))
        return out

    def judge_frozen(self, lightness: Tensor, ab: Tensor) -> list[Tensor]:
        """The same for the generator's loss: no gradient reaches the discriminators."""
        self.nets.requires_grad_(False)
        try:
            return self.judge(lightness, ab)
        finally:
            self.nets.requires_grad_(True)

    def learn(self, lightness: Tensor, real: Tensor, made: Tensor) -> Tensor:
        """One step of the discriminators, skipped while they are too far ahead. Returns their loss."""
        ahead = self.accuracy > self.settings.ceiling
        with torch.no_grad() if ahead else contextlib.nullcontext():
            if self.settings.gan == "hinge":  # no batch norm: both in one pass, which is faster
                both = self.judge(torch.cat([lightness, lightness]), torch.cat([real, made.detach()]))
                on_real, on_made = [b[: len(real)] for b in both], [b[len(real) :] for b in both]
            else:
                on_real, on_made = self.judge(lightness, real), self.judge(lightness, made.detach())
            loss = discriminator_loss(self.settings.gan, on_real, on_made)
        if not ahead and self._optimizer is not None:
            self._optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            self._together.average_gradients(self.nets)
            self._optimizer.step()
        told = [((r > 0).float().mean() + (m < 0).float().mean()) / 2 for r, m in zip(on_real, on_made)]
        share = self._together.mean(float(torch.stack(told).mean()), self._device)
        self.accuracy = _MEMORY * self.accuracy + (1 - _MEMORY) * share
        return loss.detach()

    def warning(self, step: int) -> str | None:
        """Say when the discriminators win: the generator then learns nothing from them."""
        if self.since is None or self.accuracy < _WINNING or step - self._warned < _WARN_EVERY:
            return None
        self._warned = step
        return (
            f"the discriminator wins: it tells {self.accuracy:.0%} of the patches apart; "
            "lower adversarial.lr or ceiling, or raise the ramp"
        )

    def state(self) -> dict[str, Any]:
        """What a checkpoint holds."""
        return {
            "nets": self.nets.state_dict(),
            "optimizer": None if self._optimizer is None else self._optimizer.state_dict(),
            "accuracy": self.accuracy,
            "since": self.since,
            "warned": self._warned,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take what `state` gave."""
        self.nets.load_state_dict(state["nets"])
        if self._optimizer is not None:
            self._optimizer.load_state_dict(state["optimizer"])
        self.accuracy, self.since, self._warned = state["accuracy"], state["since"], state["warned"]
