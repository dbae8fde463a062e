"""Lightness, and known colors if any, to ab: the generator at run time, on the CPU or on CUDA."""

import contextlib
import gc
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, cast

import torch
import torch.nn.functional as F
from torch import Tensor

from filmcolor.errors import FilmcolorError, InputError
from filmcolor.model.device import choose_device
from filmcolor.model.scene import scene_of
from filmcolor.model.weights import Model, load_default_model

__all__ = ["Predictor", "load_default_model"]

_STEP = 32  # the deepest stride of the default generator
_CUDA_BATCH = 16
# cuDNN, cuBLAS and the driver say it in words of their own, not as torch's OutOfMemoryError; where no way to compute a
# convolution has the room it needs, torch says that there is none ("unable to find an engine", pytorch#108645)
_SIGNS_OF_FULL_MEMORY = ("out of memory", "ALLOC_FAILED", "ALLOCATION_FAILED", "unable to find an engine")
_MOST_AT_ONCE = 8  # pictures on the CPU: each needs memory of its own


class Predictor:
    """A model on a device, with one arithmetic for the whole run.

    device: `auto` takes CUDA where there is one. precision: `auto` is float32 (the reference) on either. mirrored:
    average with the color of the mirrored picture: twice the work, better color. threads: pictures that are
    colored at the same time on the CPU, 0: one a core. Inside one operation torch gets a single thread (a process-wide setting): its results are the same bits only
    for the same number of threads, and so they are the same on any number of cores. seed: keys the noise z where
    the network uses it at run time. warn: told once when memory ran out and the batch was halved. Raises
    InputError where this machine has no such device or precision, FilmcolorError where the network does not fit
    the device's memory.
    """

    def __init__(
        self,
        model: Model,
        *,
        device: Literal["auto", "cpu", "cuda"] = "auto",
        precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto",
        mirrored: bool = True,
        threads: int = 0,
        seed: int = 0,
        warn: Callable[[str], None] | None = None,
    ) -> None:
        self.device = choose_device(device)
        self.precision = _precision(precision, self.device)
        self.model = model
        self.mirrored = mirrored
        self.seed = seed
        self.takes_known = bool(getattr(model.network, "takes_known", False))
        self._warn = warn
        self._batch = _CUDA_BATCH if self.device.type == "cuda" and self.takes_known else 1
        self._at_once = min(_MOST_AT_ONCE, threads or cores())
        if self.device.type == "cpu":
            torch.set_num_threads(1)
        else:
            _settle_cudnn()
        with self._told("the network does not fit into what is free of the GPU's memory; use --device cpu"):
            network = model.network.to(device=self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
            if hasattr(network, "sharp"):
                network.sharp.fill_(model.config.sharpness)
        self._network = network.eval()
        self._stride = int(network.stride)  # of the ab that comes out

    @property
    def digest(self) -> str:
        """SHA-256 of the weights and their configuration."""
        return self.model.digest

    @property
    def film_gain(self) -> float:
        """Factor on the ab of frames of films; `predict` leaves it to the caller."""
        return self.model.config.film_gain

    @property
    def film_dark_reds(self) -> float:
        """Factor on the chroma of dark reds and purples in frames of films; `predict` leaves it to the caller."""
        return self.model.config.film_dark_reds

    @property
    def engine(self) -> str:
        """What else decides the bits of the result: device, precision, mirroring, instruction set."""
        if self.device.type == "cuda":
            return (
                f"torch {torch.__version__} {torch.cuda.get_device_name()} {self.precision} {self.mirrored}"
            )
        machine = f"cpu {torch.backends.cpu.get_cpu_capability()}"
        return f"torch {torch.__version__} {machine} {self.precision} {self.mirrored}"

    def predict(
        self,
        lightness: Tensor,
        known: Tensor | None = None,
        frames: Sequence[int] | None = None,
        *,
        mirrored: bool = True,
    ) -> Tensor:
        """Return ab (k, 2, mh/2, mw/2) float32 in Lab units, on the CPU.

        lightness: (k, 1, mh, mw) float32, 0..100; mh and mw multiples of 32. known: (k, 3, mh, mw) float32,
        known a and b in Lab units (0 where unknown) and mask 0..1, or None. frames: numbers of the k frames,
        which key the noise z (default 0, 1, ...). mirrored: False leaves out this call's averaging with the
        mirrored picture. Raises ValueError on another shape, FilmcolorError where one picture alone does not fit
        the device's memory, the GPU fails or the result is not finite.
        """
        return self._predict(lightness, known, frames, mirrored, with_entropy=False)

    def predict_with_entropy(
        self, lightness: Tensor, frames: Sequence[int] | None = None, *, mirrored: bool = True
    ) -> tuple[Tensor, Tensor | None]:
        """Return ab as `predict` does and, on the same grid, (k, mh/2, mw/2), how unsure the network is of it.

        That is the entropy of its distribution over color classes, in nats; None where it has none. Raises as
        `predict` does.
        """
        made = self._predict(lightness, None, frames, mirrored, with_entropy=True)
        return made[:, :2], made[:, 2] if made.shape[1] > 2 else None

    def _predict(
        self,
        lightness: Tensor,
        known: Tensor | None,
        frames: Sequence[int] | None,
        mirrored: bool,
        with_entropy: bool,
    ) -> Tensor:
        """Return ab (k, 2, mh/2, mw/2), or (k, 3, mh/2, mw/2) with the entropy behind it."""
        self._check(lightness, known)
        count = len(lightness)
        numbers = list(range(count)) if frames is None else [int(f) for f in frames]
        if len(numbers) != count:
            raise ValueError(f"{count} pictures, but {len(numbers)} frame numbers")

        def run(some: slice) -> Tensor:
            told = None if known is None else known[some]
            return self._run(lightness[some], told, numbers[some], mirrored, with_entropy)

        if self.device.type == "cpu" and min(count, self._at_once) > 1 and self._batch == 1:
            with ThreadPoolExecutor(self._at_once, thread_name_prefix="predict") as pool:
                out = torch.cat(list(pool.map(run, (slice(i, i + 1) for i in range(count)))))
        else:
            out = self._in_batches(run, count, _too_large(lightness.shape))
        if not bool(torch.isfinite(out).all()):
            raise FilmcolorError("the network gave colors that are not numbers; try --precision fp32")
        return out

    @torch.inference_mode()
    def scene(self, lightness: Tensor) -> Tensor | None:
        """Return the scene that a picture shows, (n,) of length 1 on the CPU, or None where the network cannot tell.

        lightness: (1, 1, mh, mw) as for `predict`. `model.scene` says what it is. Raises as `predict` does.
        """
        self._check(lightness, None)
        with self._told(_too_large(lightness.shape)), self._autocast():
            seen = scene_of(self._network, lightness.to(self.device, torch.float32))
        return None if seen is None else seen[0]

    def _in_batches(self, run: Callable[[slice], Tensor], count: int, too_large: str) -> Tensor:
        made: list[Tensor] = []
        start = 0
        while start < count:
            some = slice(start, min(count, start + self._batch))
            try:
                with self._told(too_large):
                    made.append(run(some))
            except _MemoryFull:
                if self._batch == 1:
                    raise
            else:
                start = some.stop
                continue
            self._halve()  # out here, where the error may be let go, and the failed batch with it
        return torch.cat(made)

    def _check(self, lightness: Tensor, known: Tensor | None) -> None:
        if (
            lightness.ndim != 4
            or lightness.shape[1] != 1
            or lightness.shape[2] % _STEP
            or lightness.shape[3] % _STEP
        ):
            raise ValueError(f"expected (k, 1, mh, mw) in multiples of {_STEP}, got {tuple(lightness.shape)}")
        if known is None:
            return
        if not self.takes_known:
            raise ValueError(f"the network {self.model.config.architecture!r} takes no known colors")
        if known.shape != (len(lightness), 3, *lightness.shape[2:]):
            raise ValueError(
                f"expected known (k, 3, mh, mw) like {tuple(lightness.shape)}, got {tuple(known.shape)}"
            )

    @torch.inference_mode()
    def _run(
        self, lightness: Tensor, known: Tensor | None, frames: list[int], mirrored: bool, with_entropy: bool
    ) -> Tensor:
        lightness = lightness.to(self.device, torch.float32)
        known = None if known is None else known.to(self.device, torch.float32)
        made = self._forward(lightness, known, frames, with_entropy)
        if self.mirrored and mirrored:
            turned = None if known is None else known.flip(3)
            made = (made + self._forward(lightness.flip(3), turned, frames, with_entropy).flip(3)) / 2
        made[:, :2] *= self.model.config.chroma_gain
        return made.cpu()

    def _forward(
        self, lightness: Tensor, known: Tensor | None, frames: list[int], with_entropy: bool
    ) -> Tensor:
        lightness = lightness.contiguous(memory_format=torch.channels_last)
        known = None if known is None else known.contiguous(memory_format=torch.channels_last)
        with self._autocast():
            ab, logits = self._network(lightness, known, [(self.seed, frame) for frame in frames])
        ab = ab.float() if self._stride == 2 else F.avg_pool2d(ab.float(), 2 // self._stride)
        if not with_entropy or logits is None:
            return cast(Tensor, ab)
        shares = logits.float().log_softmax(1)
        entropy = -(shares.exp() * shares).sum(1, keepdim=True)
        entropy = F.interpolate(entropy, size=ab.shape[-2:], mode="bilinear", align_corners=False)
        return torch.cat((ab, entropy), 1)

    def _autocast(self) -> contextlib.AbstractContextManager[object]:
        if self.precision == "fp32":
            return contextlib.nullcontext()
        kind = torch.bfloat16 if self.precision == "bf16" else torch.float16
        return torch.autocast(self.device.type, dtype=kind)

    def _halve(self) -> None:
        gc.collect()  # Python 3.12 and later keep what failed, and so its tensors, in a cycle of references
        torch.cuda.empty_cache()
        if self._warn is not None and self._batch == _CUDA_BATCH:
            self._warn("the GPU's memory ran out; going on with smaller batches")
        self._batch //= 2

    @contextlib.contextmanager
    def _told(self, full: str) -> Iterator[None]:
        """Make one line of what the GPU fails with. full: what to say where its memory ran out."""
        try:
            yield
        except torch.cuda.OutOfMemoryError as error:
            raise _MemoryFull(full) from error
        except RuntimeError as error:
            if self.device.type == "cpu":
                raise
            if any(sign in str(error) for sign in _SIGNS_OF_FULL_MEMORY):
                raise _MemoryFull(full) from error
            said = str(error).strip().splitlines() or [type(error).__name__]
            raise FilmcolorError(f"the GPU failed ({said[0][:200]}); use --device cpu") from error


class _MemoryFull(FilmcolorError):
    """The GPU's memory does not hold it."""


def _too_large(shape: Sequence[int]) -> str:
    return (
        f"one picture of {shape[3]}x{shape[2]} does not fit the GPU's memory; "
        "use --device cpu or a smaller --size"
    )


def _settle_cudnn() -> None:
    """Have cuDNN compute the same bits each time, in true float32 (process-wide settings, as threads are).

    As it comes, it rounds float32 to 10 bits (TF32), and may time several ways and take the fastest.
    """
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True


def cores() -> int:
    """Return how many cores this process may use; OMP_NUM_THREADS bounds it, as it bounds torch."""
    here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return min(here, int(asked)) if asked.isdigit() and int(asked) > 0 else here


def _precision(
    wanted: Literal["auto", "fp32", "bf16", "fp16"], device: torch.device
) -> Literal["fp32", "bf16", "fp16"]:
    if wanted == "fp16" and device.type == "cpu":
        raise InputError("precision fp16 needs a CUDA device; use --precision fp32 or bf16")
    # `auto` is fp32 on CUDA too: the network is rarely called, and bf16 moved color by 0.65 Lab units on average, 15 at
    # most, to save 0.5 of 1.9 ms a picture (H200)
    return "fp32" if wanted == "auto" else wanted
