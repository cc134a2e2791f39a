"""One decoder of sound and picture: what a player shows at file time t, for every way into the program.

File time 0 is where the earliest stream begins. Samples and frames lie at their time stamps: what is
missing at a stream's start, in a gap or at its end is missing there, and never moves what follows. FFmpeg's
libraries (PyAV) decode, in this process and on one thread. A packet that cannot be decoded is passed over
and counted.
"""

import heapq
import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import av
import av.error

from objectsounds.core.limits import MOST_PIXELS
from objectsounds.media.ffmpeg import MediaError, MediaTimeoutError, local_file

PRE_ROLL = (2.0, 30.0)  # s before the wanted time at which decoding begins; else at the file's beginning
JUMP_ABOVE = 60.0  # s; up to here packets are read from the beginning, which finds steps of the clock
STEP_FORWARD = 10.0  # s; a larger step of a broadcast's clock is a clock set to another time, not a gap
STEP_BACK = 0.5  # s; what goes back further is played after what came before it
MOST_ERRORS = 1000  # of reading, one after the other
TAIL_SECONDS = 10.0  # that are read to find where a medium ends
SECTION_TAG = "SECTION_TIME"  # in the files that downloads cut: time stamp 0 is the section's start
NO_DISPLAY_TIMES = ("avi",)  # containers that say when a frame is decoded, not when it is shown


class Clock:
    """File time from the time stamps of one stream.

    Parameters
    ----------
    origin : float
        The stamp of file time 0, in s.
    joined : bool
        Whether the stamps may go on by another clock after a step forward, as those of broadcasts do.
    """

    def __init__(self, origin: float, joined: bool):
        self.shift, self.joined = -origin, joined
        self.last = self.expected = None  # file times at which what came last begins and ends

    def time(self, stamp: float | None, length: float) -> float:
        """Return the file time of what lasts ``length``, both in s; without a stamp it follows at once."""
        if self.last is None:
            self.last = 0.0 if stamp is None else stamp + self.shift
        elif stamp is None:
            self.last = self.expected
        else:
            back = stamp + self.shift < self.last - STEP_BACK
            if back or (self.joined and stamp + self.shift > self.expected + STEP_FORWARD):
                self.shift = self.expected - stamp
            self.last = stamp + self.shift
        self.expected = self.last + length
        return self.last


class Medium:
    """An open file; a context manager.

    Parameters
    ----------
    path : path
    timeout : float
        Seconds that the decoding may take in all.

    Attributes
    ----------
    sound : av.AudioStream or None
        The first audio track.
    picture : av.VideoStream or None
        The first video track that is no cover.
    damaged : int
        Packets that could not be decoded since the last call of `frames`.

    Raises
    ------
    MediaError
        If FFmpeg cannot read the file.
    """

    def __init__(self, path: str | Path, timeout: float = float("inf")):
        self.path, self.timeout, self.end = Path(path), timeout, time.monotonic() + timeout
        self.damaged, self.length, self.delay = 0, None, None
        self._open()

    def _open(self) -> None:
        try:
            # a playlist that calls itself a video must not reach the network
            only = {"protocol_whitelist": "file"}
            self.container = av.open(local_file(self.path), options=only, metadata_errors="replace")
        except (av.error.FFmpegError, OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise MediaError(f"{self.path.name} cannot be decoded: {why}") from None
        streams, cover = self.container.streams, av.stream.Disposition.attached_pic
        self.sound = next(iter(streams.audio), None)
        self.picture = next((s for s in streams.video if not s.disposition & cover), None)
        stated = self.container.metadata.get(SECTION_TAG)  # no stream of a section need begin at 0
        self.origin = (self.container.start_time or 0) / av.time_base if stated is None else 0.0
        self.joined = bool(self.container.format.flags & av.format.Flags.ts_discont.value)
        for stream in filter(None, (self.sound, self.picture)):
            if stream.codec_context is not None:  # of a format that is known
                stream.codec_context.thread_count = 1
                if stream is self.picture:
                    stream.codec_context.options = {"max_pixels": str(MOST_PIXELS)}

    def _reopen(self) -> None:
        """Start from the beginning again: not every demuxer is the same after a jump back."""
        self.close()
        self._open()

    def close(self) -> None:
        """Close the file."""
        self.container.close()

    def __enter__(self) -> "Medium":
        return self

    def __exit__(self, *error) -> None:
        self.close()

    @property
    def seconds(self) -> float:
        """Where the last stream ends, in s of file time; by its packets, since headers can be wrong."""
        if self.length is None:
            damaged = self.damaged
            stated = (self.container.duration or 0) / av.time_base - TAIL_SECONDS
            tail = self._end_after(stated) if stated > JUMP_ABOVE and not self.joined else 0.0
            self.length = tail or self._end_after(0.0)
            self.damaged = damaged
        return self.length

    def _end_after(self, start: float) -> float:
        """Return the end of the last packet that is read from ``start`` (s) on; 0 if there is none."""
        self._reopen()
        if start and not self._jump("picture" if self.picture is not None else "sound", start):
            return 0.0
        kinds = [kind for kind in ("sound", "picture") if getattr(self, kind) is not None]
        clocks = {getattr(self, kind).index: Clock(self.origin, self.joined) for kind in kinds}
        end = 0.0
        for packet in self._packets(kinds):
            if packet.size:
                decoded, length = _times(packet, packet.dts)
                shown, _ = _times(packet, packet.pts)
                begin = clocks[packet.stream.index].time(decoded, length)  # only these always rise
                if None not in (shown, decoded) and self.container.format.name not in NO_DISPLAY_TIMES:
                    begin += shown - decoded
                end = max(end, begin + length)
        return end

    def frames(self, kind: str, start: float = 0.0) -> Iterator[tuple[float, av.AudioFrame | av.VideoFrame]]:
        """Yield (file time in s, frame) of a stream, in the order in which they are shown.

        Parameters
        ----------
        kind : str
            ``sound`` or ``picture``.
        start : float
            Seconds. The first frame begins there or before it, if there is one; how much before it, is open.

        Raises
        ------
        MediaError
            If the format of the stream is not known, or decoding takes too long.
        """
        if getattr(self, kind).codec_context is None:
            raise MediaError(f"{self.path.name} cannot be decoded: the format of its {kind} is not known")
        if self.delay is None and self.container.format.name in NO_DISPLAY_TIMES and kind == "picture":
            self.delay = self._display_delay()
        for ahead in (*PRE_ROLL, start):
            skipped = max(0.0, start - ahead)
            self._reopen()
            self.damaged = 0
            jumps = start > JUMP_ABOVE and not self.joined and skipped
            if jumps and not self._jump(kind, skipped):
                continue
            found = self._timed(kind, 0.0 if jumps else skipped)
            first = next(found, None)
            if not skipped or (first is not None and first[0] <= start):
                yield from itertools.chain([first] if first else [], found)
                return

    def _display_delay(self) -> int:
        """Return how many packets of the picture wait in the decoder when it gives its first frame."""
        self._reopen()
        packets = self._packets(["picture"])
        return sum(1 for _ in itertools.takewhile(lambda packet: not self._decoded(packet), packets))

    def _jump(self, kind: str, start: float) -> bool:
        """Go to ``start`` (s) or before it; return whether that can be done."""
        stream = getattr(self, kind)
        try:
            self.container.seek(round((start + self.origin) / stream.time_base), stream=stream)
        except (av.error.FFmpegError, OSError):
            return False
        return True

    def _timed(self, kind: str, skipped: float) -> Iterator[tuple[float, av.AudioFrame | av.VideoFrame]]:
        """Yield (file time, frame); before ``skipped`` (s) packets are read but not decoded."""
        clock, order = Clock(self.origin, self.joined), [] if kind == "picture" and self.delay else None
        for packet in self._wanted(kind, skipped, clock):
            if order is not None and packet.dts is not None:
                heapq.heappush(order, packet.dts)
            for frame in self._decoded(packet):
                stamp = frame.pts if frame.pts is not None else frame.dts
                while order:  # frames come in the order in which they are shown, and their times rise
                    stamp = heapq.heappop(order)
                    if len(order) <= self.delay:  # more are waiting where frames were lost after a jump
                        break
                seconds = None if stamp is None else float(stamp * frame.time_base)
                yield clock.time(seconds, _length(frame)), frame

    def _wanted(self, kind: str, skipped: float, clock: Clock) -> Iterator[av.Packet]:
        """Yield the packets from a key frame after ``skipped`` (s) on; set the clock by those before."""
        reader, started = Clock(self.origin, self.joined), not skipped
        for packet in self._packets([kind]):
            if not started and packet.size:
                late = reader.time(*_times(packet, packet.dts)) >= skipped
                clock.shift, started = reader.shift, late and packet.is_keyframe
            if started:
                yield packet

    def _packets(self, kinds: list[str]) -> Iterator[av.Packet]:
        errors = 0
        while errors <= MOST_ERRORS:
            packets = self.container.demux([getattr(self, kind) for kind in kinds])
            try:
                for packet in packets:
                    if time.monotonic() > self.end:
                        raise MediaTimeoutError(f"decoding took longer than {self.timeout:g} s")
                    errors = 0
                    yield packet
            except (av.error.FFmpegError, OSError):
                errors += 1
                self.damaged += 1
                continue
            return

    def _decoded(self, packet: av.Packet) -> list[av.AudioFrame | av.VideoFrame]:
        try:
            return packet.decode()
        except (av.error.FFmpegError, OSError):
            self.damaged += 1
            return []


def _length(frame: av.AudioFrame | av.VideoFrame) -> float:
    """Return how long a frame lasts in s, 0 where that is not said."""
    if isinstance(frame, av.AudioFrame):
        return frame.samples / frame.rate
    return float((frame.duration or 0) * frame.time_base)


def _times(packet: av.Packet, stamp: int | None) -> tuple[float | None, float]:
    """Return a time stamp of a packet, None where it has none, and the packet's length, in s."""
    length = float((packet.duration or 0) * packet.time_base)
    return (None if stamp is None else float(stamp * packet.time_base)), length


def duration(path: str | Path, timeout: float = 120) -> float:
    """Return the length of a file in s.

    Raises
    ------
    MediaError
        If it cannot be read, or nothing in it lasts.
    """
    with Medium(path, timeout) as medium:
        seconds = medium.seconds if medium.sound is not None or medium.picture is not None else 0.0
    if not seconds:
        raise MediaError(f"{Path(path).name} is no sound or video that can be read")
    return seconds


def has_sound(path: str | Path) -> bool:
    """Return whether a file can be read and has an audio track."""
    try:
        with Medium(path) as medium:
            return medium.sound is not None
    except MediaError:
        return False
