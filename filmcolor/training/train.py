"""The training loop: batches in, better weights out, resumable at any step.

One step: crops of pictures, aged (augment.py) and told some colors (hints.py); the generator's losses
(losses.py); then, in the adversarial stage, one step of the discriminators (adversary.py), in the order of
Isola et al., 2017.
"""

import contextlib
import copy
import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from filmcolor.errors import InputError, OutputError
from filmcolor.files import append_line, replacing
from filmcolor.model.device import choose_device
from filmcolor.model.weights import save_model
from filmcolor.training.adversary import Adversary
from filmcolor.training.allocator import keep_freed_memory
from filmcolor.training.batches import Batch, draw_batch
from filmcolor.training.checkpoint import (
    data_fingerprint,
    random_state,
    read_checkpoint,
    restore_random_state,
    write_checkpoint,
)
from filmcolor.training.folder import run_folder
from filmcolor.training.interrupt import stop_signals
from filmcolor.training.losses import generator_loss
from filmcolor.training.objective import Term, terms
from filmcolor.training.pictures import Pictures, Sampler, load_pictures, rarity
from filmcolor.training.settings import TrainSettings
from filmcolor.training.start import choose_start, make_optimizer, refuse_mismatch, refuse_unfit
from filmcolor.training.teachers import load_teachers
from filmcolor.training.together import Together, join_processes, leave_processes
from filmcolor.training.validate import Validation, validate, write_sheet

_LOWEST_LR = 0.02  # of the cosine schedule, as a share
_KEPT = 6  # checkpoints of validations that stay, to choose from by flicker as well as by color

Report = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class TrainResult:
    """How a run ended. stopped_by: the signal that stopped it early, or None."""

    steps: int
    pictures: int
    best: Path
    last: Path
    validation: Validation | None
    stopped_by: int | None


def train(
    settings: TrainSettings,
    sources: Sequence[Path],
    out: Path,
    *,
    resume: bool = False,
    init: Path | None = None,
    encoder: Path | None = None,
    teachers: Sequence[Path] = (),
    report: Report = lambda event: None,
) -> TrainResult:
    """Train on `sources` until the budget is spent, or SIGTERM or Ctrl-C asks for an end; state is saved
    first.

    Into the folder `out`: best.safetensors and last.safetensors (EMA, ready to run), kept/, log.jsonl,
    sheet.png, settings.json, state.pt for `resume`. Raises InputError, OutputError, ModelError.
    """
    state_file = out / "state.pt"
    if state_file.exists() and not resume:
        raise OutputError(f"{out}: holds a training run; add --resume to go on, or choose another --out")
    refuse_mismatch(settings, encoder, teachers)
    refuse_unfit(settings, init, encoder, teachers)
    with run_folder(out):
        keep_freed_memory()
        if settings.threads:
            torch.set_num_threads(settings.threads)
        torch.manual_seed(settings.seed)
        together = join_processes(choose_device(settings.device).type)
        pictures = load_pictures(sources, settings.data)
        trainer = Trainer(
            settings,
            pictures,
            out,
            init=init,
            encoder=encoder,
            teachers=teachers,
            report=report,
            together=together,
        )
        for name in pictures.skipped[:20]:
            trainer.log("skipped", picture=name)
        trainer.log("data", pictures=len(pictures), held_out=len(trainer.held), skipped=len(pictures.skipped))
        if resume:
            state = read_checkpoint(state_file, settings.digest(), trainer.fingerprint, together.count)
            trainer.restore(state)
        elif together.leads:
            with replacing(out / "settings.json") as beside:
                beside.write_text(json.dumps(asdict(settings), indent=1, default=str), encoding="utf-8")
        with stop_signals() as stop:
            result = trainer.run(stop)
    leave_processes()
    return result


class Trainer:
    """Networks, optimizers and pictures of one run, and how far it has come."""

    def __init__(
        self,
        settings: TrainSettings,
        pictures: Pictures,
        out: Path,
        *,
        init: Path | None = None,
        encoder: Path | None = None,
        teachers: Sequence[Path] = (),
        report: Report = lambda event: None,
        together: Together = Together(),  # noqa: B008  frozen
    ) -> None:
        refuse_mismatch(settings, encoder, teachers)
        self.settings = settings
        self.together = together
        self.out = out
        self.fingerprint = data_fingerprint(pictures)
        self.step = self.seen = 0
        self.seconds = 0.0
        self.best = math.inf
        self._best_is_adversarial = False
        self._report = report
        self.device = choose_device(settings.device)
        self._half = settings.precision == "bf16" or (
            settings.precision == "auto" and self.device.type == "cuda"
        )
        if self.device.type == "cuda":
            torch.set_float32_matmul_precision("high")
        kept, self.held = pictures.to(self.device).split(settings.data.held_out)
        weights = rarity(kept) if settings.data.rare else torch.ones(len(kept), device=self.device)
        self.sampler = Sampler(kept, settings.data, weights)
        self.generator = torch.Generator(self.device).manual_seed(together.seed(settings.seed))
        start = choose_start(settings, self.sampler, init, encoder, self.device)
        self.config, self.bins = start.config, start.bins
        self.network = self._placed(start.network).train()
        self.ema = copy.deepcopy(self.network).eval().requires_grad_(False)
        self._features = None if start.features is None else self._placed(start.features)
        self._teachers = load_teachers(teachers, self.config, self.bins, self.device)
        self._teaching = [] if self._teachers is None else list(self._teachers.digests)
        learned = init is not None or encoder is not None
        self.optimizer = make_optimizer(self.network, settings.optimizer, learned)
        self.adversary = Adversary(settings.adversarial, self.device, self._autocast, together)
        if not together.leads:
            torch.manual_seed(together.seed(settings.seed))  # weights are alike by now; noise must not be
        self._sums: dict[str, Tensor] = {}
        self._stride = int(start.network.stride)  # type: ignore[arg-type]

    def _placed(self, network: nn.Module) -> nn.Module:
        placed: nn.Module = network.to(device=self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        return placed

    def _autocast(self) -> contextlib.AbstractContextManager[object]:
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self._half)

    def log(self, event: str, **values: Any) -> None:
        """Append one line to the log and report it."""
        if not self.together.leads:
            return
        line = {"event": event, "step": self.step, "minutes": round(self.seconds / 60, 2), **values}
        append_line(self.out / "log.jsonl", json.dumps(line))
        self._report(line)

    @property
    def progress(self) -> float:
        """Share of the budget that is spent, 0 to 1."""
        if self.settings.steps:
            return min(1.0, self.step / self.settings.steps)
        return min(1.0, self.seconds / 60 / self.settings.minutes)

    def run(self, stop: Callable[[], int | None]) -> TrainResult:
        """Train to the end of the budget, or until `stop` names a signal."""
        validation = None
        if self.step == 0 and len(self.held):
            validation = self._validate()
        validated = saved = self.seconds
        logged, logged_seen = self.seconds, self.seen
        while (stopped_by := self._agreed_stop(stop)) is None and self.progress < 1:
            begun = time.monotonic()
            self.train_step()
            spent = self.seconds + time.monotonic() - begun
            (self.seconds,) = self.together.agree((spent,), self.device)
            if self.step % max(1, self.settings.log_steps) == 0:
                rate = (self.seen - logged_seen) / max(1e-6, self.seconds - logged)
                self._log_losses(rate)
                logged, logged_seen = self.seconds, self.seen
            if len(self.held) and self.seconds - validated >= self.settings.validate_minutes * 60:
                validation, validated = self._validate(), self.seconds
            if self.seconds - saved >= self.settings.save_minutes * 60:
                self.save()
                saved = self.seconds
        self.save()
        if stopped_by is None and len(self.held):
            validation = self._validate()
        best = self.out / "best.safetensors"
        self.log("stopped" if stopped_by else "end", pictures=self.seen)
        last = self.out / "last.safetensors"
        return TrainResult(
            self.step, self.seen, best if best.exists() else last, last, validation, stopped_by
        )

    def _agreed_stop(self, stop: Callable[[], int | None]) -> int | None:
        """The signal that ends the run, if one does: the first process'."""
        (number,) = self.together.agree((stop() or 0,), self.device)
        return int(number) or None

    def _log_losses(self, rate: float) -> None:
        count = max(1, self.settings.log_steps)
        losses = {name: round(float(total) / count, 4) for name, total in self._sums.items()}
        self._sums.clear()
        if self.adversary.active:
            losses["told_apart"] = round(self.adversary.accuracy, 3)
        left = (1 - self.progress) / max(self.progress, 1e-9) * self.seconds / 60
        self.log(
            "train", pictures=self.seen, per_second=round(rate, 1), minutes_left=round(left, 1), **losses
        )
        warning = self.adversary.warning(self.step)
        if warning:
            self.log("warning", text=warning)

    def train_step(self) -> None:
        """One step of the generator, and of the discriminators once their stage has begun."""
        self._set_lr()
        with torch.no_grad():
            batch = draw_batch(
                self.sampler, self.step, self._stride, self.generator, taught=self._teachers is not None
            )
        self.adversary.begin(self.step, self.progress)
        if self.adversary.warming(self.step):
            with torch.no_grad(), self._autocast():
                made: Tensor = self.network(batch.seen, batch.known)[0].float()
        else:
            made = self._learn(batch)
        if self.adversary.active:
            self._add("discriminator", self.adversary.learn(batch.lightness, batch.ab, made))
        self.step += 1
        self.seen += len(batch.seen) * self.together.count

    def _learn(self, batch: Batch) -> Tensor:
        """One step of the generator; returns the ab it made."""
        with self._autocast():
            out, logits = self.network(batch.seen, batch.known)
        made: Tensor = out.float()
        loss = self._loss(batch, made, logits)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.together.average_gradients(self.network)
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), self.settings.optimizer.clip or math.inf)
        if bool(torch.isfinite(norm)):
            self.optimizer.step()
            self._average()
        else:
            self._add("not_finite", torch.ones(()))
        return made

    def _loss(self, batch: Batch, made: Tensor, logits: Tensor | None) -> Tensor:
        """The weighted sum of all terms."""
        features = None if self._features is None else self.features
        lesson = None
        if self._teachers is not None and batch.for_teachers is not None:
            with self._autocast():
                lesson = self._teachers.teach(batch.for_teachers, batch.known)
        parts = terms(
            batch, made, logits, self.settings.loss, bins=self.bins, features=features, lesson=lesson
        )
        factor = self.settings.loss.adversarial * self.adversary.weight(self.step)
        if factor > 0:
            judged = self.adversary.judge_frozen(batch.lightness, made)
            parts.append(Term("adversarial", factor, generator_loss(self.settings.adversarial.gan, judged)))
        for part in parts:
            self._add(part.name, part.value)
        total: Tensor = torch.stack([part.weight * part.value for part in parts]).sum()
        return total

    def features(self, rgb: Tensor) -> list[Tensor]:
        """Features of the frozen network for sRGB pictures, 0..1."""
        if self._features is None:
            raise ValueError("no feature network was given")
        with self._autocast():
            found: list[Tensor] = self._features(
                ((rgb * 255 - 127) / 128).contiguous(memory_format=torch.channels_last)
            )
        return found

    def _add(self, name: str, value: Tensor) -> None:
        self._sums[name] = self._sums.get(name, torch.zeros((), device=value.device)) + value.detach()

    def _set_lr(self) -> None:
        options = self.settings.optimizer
        factor = min(1.0, (self.step + 1) / max(1, options.warmup))
        if options.schedule == "cosine":
            factor *= _LOWEST_LR + (1 - _LOWEST_LR) * 0.5 * (1 + math.cos(math.pi * self.progress))
        for group in self.optimizer.param_groups:
            group["lr"] = group["full_lr"] * factor

    @torch.no_grad()
    def _average(self) -> None:
        decay = min(self.settings.optimizer.ema, (1 + self.step) / (20 + self.step))
        torch._foreach_lerp_(list(self.ema.parameters()), list(self.network.parameters()), 1 - decay)

    def _validate(self) -> Validation | None:
        if not self.together.leads:
            return None
        size = 256 if self.config.architecture == "pix2pix" else 160
        features = None if self._features is None else self.features
        found = validate(self.ema, self.held, size, self.bins, features)
        ramped = self.adversary.weight(self.step) > 0
        self.log("validation", **found.figures())
        write_sheet(self.out / "sheet.png", self.ema, self.held, size)
        if not self.step:
            return found  # weights to start from may have seen these pictures in another run: never the best
        self._keep(found)
        score = found.score(ramped)
        if ramped and not self._best_is_adversarial:
            self.best, self._best_is_adversarial = math.inf, True  # scores of the two stages do not compare
        if score < self.best:
            self.best = score
            self._save_weights(self.out / "best.safetensors")
        return found

    def _keep(self, found: Validation) -> None:
        """Keep this validation's weights beside the last few."""
        folder = self.out / "kept"
        self._save_weights(folder / f"step{self.step:08d}.safetensors")
        for old in sorted(folder.glob("step*.safetensors"))[:-_KEPT]:
            old.unlink()

    def _save_weights(self, path: Path) -> None:
        try:
            save_model(path, self.ema, self.config)
        except ValueError as error:
            raise InputError(
                f"training has diverged at step {self.step}: {error}; lower optimizer.lr"
            ) from error

    def save(self) -> None:
        """Write the EMA weights and the checkpoint."""
        states = self.together.gather(random_state(self.generator))
        if not self.together.leads:
            return
        self._save_weights(self.out / "last.safetensors")
        state = {
            "settings": self.settings.digest(),
            "data": self.fingerprint,
            "step": self.step,
            "seen": self.seen,
            "seconds": self.seconds,
            "best": self.best,
            "best_is_adversarial": self._best_is_adversarial,
            "network": self.network.state_dict(),
            "ema": self.ema.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "adversary": self.adversary.state(),
            "random": states,
            "teachers": self._teaching,
        }
        write_checkpoint(self.out / "state.pt", state)

    def restore(self, state: dict[str, Any]) -> None:
        """Take what `save` wrote; the next step is the one that would have come.

        Raises InputError where that is another network, one of other color classes, or had other teachers.
        """
        saved, here = state["network"], self.network.state_dict()
        alike = {n: t.shape for n, t in saved.items()} == {n: t.shape for n, t in here.items()}
        if not alike or ("centers" in here and not torch.equal(saved["centers"], here["centers"].cpu())):
            raise InputError(
                f"{self.out}: began with another network; give --resume the same --init, or none"
            )
        if state.get("teachers", []) != self._teaching:
            raise InputError(f"{self.out}: began with other teachers; give --resume the same --teacher")
        self.step, self.seen, self.seconds = state["step"], state["seen"], state["seconds"]
        self.best, self._best_is_adversarial = state["best"], state["best_is_adversarial"]
        self.network.load_state_dict(state["network"])
        self.ema.load_state_dict(state["ema"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.adversary.restore(state["adversary"])
        restore_random_state(state["random"][self.together.rank], self.generator)
