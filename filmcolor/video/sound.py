"""Sound that a container cannot hold as it is: decoded and encoded again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet

from filmcolor.video.containers import Container
from filmcolor.video.timeline import Window

# kbit/s for each channel: transparent for AAC and Opus
_BIT_RATE = 128_000
_LOSSLESS = ("pcm", "flac", "alac", "truehd", "mlp", "wavpack", "tta", "ape")
_OPUS_RATE = 48_000


# What players take a number of channels without an order for.
_USUAL = {1: "mono", 2: "stereo", 3: "2.1", 4: "4.0", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}


class Reencoder:
    """Takes packets of one sound stream and gives packets of another codec at the same time."""

    def __init__(
        self, source: AudioStream, target: OutputContainer, container: Container, window: Window
    ) -> None:
        context = source.codec_context
        name = container.lossless_sound if context.name.startswith(_LOSSLESS) else container.sound
        rate = _OPUS_RATE if name == "libopus" else context.sample_rate
        self.codec = name
        self.stream = target.add_stream(name, rate=rate, layout=_layout(context.layout))
        assert isinstance(self.stream, AudioStream)
        encoder = self.stream.codec_context
        assert isinstance(encoder, AudioCodecContext)
        if name in ("aac", "libopus"):
            encoder.bit_rate = _BIT_RATE * max(1, context.layout.nb_channels)
        self._source = source
        self._encoder = encoder
        self._window = window
        self._resampler: av.AudioResampler | None = None
        self._began: Fraction | None = None
        self._clock: int | None = None

    def take(self, packet: Packet[AudioStream]) -> Iterator[Packet[AudioStream]]:
        """Yield the packets that come of one packet of the source; damaged ones give none."""
        if self._began is None and packet.pts is not None:
            self._began = packet.pts * Fraction(packet.time_base)
        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            return
        for frame in frames:
            # the last frames of some decoders state no time; the first packet's stands in for a first frame's
            stated = None if frame.pts is None else frame.pts * Fraction(frame.time_base or 0)
            begin = stated if stated is not None else self._began or Fraction(0)
            if (stated is not None or self._clock is None) and not self._window.holds(begin):
                continue
            if self._clock is None:
                self._clock = round((begin - self._window.origin) * self._encoder.sample_rate)
            yield from self._encode(frame)

    def finish(self) -> Iterator[Packet[AudioStream]]:
        """Yield what the encoder still holds."""
        if self._clock is None:
            return
        yield from self._encode(None)
        for packet in self._encoder.encode(None):
            packet.stream = self.stream
            yield packet

    def _encode(self, frame: av.AudioFrame | None) -> Iterator[Packet[AudioStream]]:
        if self._resampler is None:
            self._resampler = av.AudioResampler(
                format=self._encoder.format, layout=self._encoder.layout, rate=self._encoder.sample_rate
            )
        resampled: Iterable[av.AudioFrame] = self._resampler.resample(frame)
        for ready in resampled:
            if ready is None or not ready.samples:
                continue
            # samples are counted from the first: codecs that state no times, or rounded ones, do not drift
            ready.pts = self._clock
            ready.time_base = Fraction(1, self._encoder.sample_rate)
            self._clock = (self._clock or 0) + ready.samples
            for packet in self._encoder.encode(ready):
                packet.stream = self.stream
                yield packet


def _layout(layout: av.AudioLayout) -> str:
    if layout.name.endswith("channels"):
        return _USUAL.get(layout.nb_channels, "stereo")
    return layout.name
