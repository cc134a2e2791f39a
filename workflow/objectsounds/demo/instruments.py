"""What the demo can play: General MIDI programs, playable ranges, styles and AudioSet's parent labels."""

from dataclasses import dataclass

COMMON_RANGE = (48, 84)  # C3 to C6, shared by every pitched instrument
DRUM_BANK = 128


@dataclass(frozen=True)
class Instrument:
    """One playable object.

    Attributes
    ----------
    programs : tuple of int
        General MIDI programs (0-based), or kits of the drum bank.
    lowest, highest : int
        Playable range in MIDI keys; unused for drums.
    styles : tuple of str
        Ways of playing that the plan draws from.
    parents : tuple of str
        AudioSet mids of the object's ancestors in the ontology.
    """

    programs: tuple[int, ...]
    lowest: int
    highest: int
    styles: tuple[str, ...]
    parents: tuple[str, ...]

    @property
    def pitched(self) -> bool:
        """Whether the instrument plays keys rather than pieces of a drum kit."""
        return "kit" not in self.styles


MUSIC = ("/m/04rlf", "/m/04szw")
GUITAR = ("/m/0342h", "/m/0fx80y", *MUSIC)
WIND = ("/m/085jw", *MUSIC)
BOWED = ("/m/0l14_3", *MUSIC)
CHORDAL = ("melody", "chords", "arpeggio", "accompanied")

INSTRUMENTS = {
    "accordion": Instrument((21, 23), 53, 89, CHORDAL, MUSIC),
    "acoustic_guitar": Instrument((24, 25), 40, 83, CHORDAL, GUITAR),
    "cello": Instrument((42,), 36, 76, ("melody",), BOWED),
    "drum": Instrument((0, 8, 16, 32, 40, 48), 0, 127, ("kit", "toms", "hands"), ("/m/0l14md", *MUSIC)),
    "flute": Instrument((73,), 60, 96, ("melody",), WIND),
    "piano": Instrument((0, 1, 3), 28, 103, CHORDAL, ("/m/05148p4", *MUSIC)),
    "saxophone": Instrument((64, 65, 66), 49, 87, ("melody",), WIND),
    "violin": Instrument((40,), 55, 100, ("melody",), BOWED),
}

DRUM_PIECES = {
    "kit": (36, 38, 42, 46, 37, 51, 49),
    "toms": (41, 43, 45, 47, 48, 50, 38),
    "hands": (60, 61, 62, 63, 64, 39, 56),
}
