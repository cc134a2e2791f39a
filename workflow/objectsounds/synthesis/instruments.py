"""What a SoundFont can play: General MIDI programs, playable ranges, styles and AudioSet's parent labels."""

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
        Ways of playing that are drawn from.
    parents : tuple of str
        AudioSet mids of the object's ancestors in the ontology, of those that the demo plays.
    """

    programs: tuple[int, ...]
    lowest: int
    highest: int
    styles: tuple[str, ...]
    parents: tuple[str, ...] = ()

    @property
    def pitched(self) -> bool:
        """Whether the instrument plays keys rather than pieces of a drum kit."""
        return "kit" not in self.styles


MUSIC = ("/m/04rlf", "/m/04szw")
GUITAR = ("/m/0342h", "/m/0fx80y", *MUSIC)
WIND = ("/m/085jw", *MUSIC)
BOWED = ("/m/0l14_3", *MUSIC)
CHORDAL = ("melody", "chords", "arpeggio", "accompanied")

MELODY = ("melody",)
INSTRUMENTS = {
    "accordion": Instrument((21, 23), 53, 89, CHORDAL, MUSIC),
    "acoustic_guitar": Instrument((24, 25), 40, 83, CHORDAL, GUITAR),
    "bagpipe": Instrument((109,), 55, 81, MELODY),
    "banjo": Instrument((105,), 48, 86, CHORDAL),
    "bassoon": Instrument((70,), 34, 72, MELODY),
    "cello": Instrument((42,), 36, 76, MELODY, BOWED),
    "clarinet": Instrument((71,), 50, 91, MELODY),
    "double_bass": Instrument((32, 43), 28, 60, MELODY),
    "drum": Instrument((0, 8, 16, 32, 40, 48), 0, 127, ("kit", "toms", "hands"), ("/m/0l14md", *MUSIC)),
    "electric_bass": Instrument((33, 34, 35), 28, 60, MELODY),
    "electric_guitar": Instrument((26, 27, 29, 30), 40, 86, CHORDAL),
    "flute": Instrument((73,), 60, 96, MELODY, WIND),
    "french_horn": Instrument((60,), 36, 77, MELODY),
    "guitar": Instrument((24, 25, 26, 27), 40, 86, CHORDAL),
    "harmonica": Instrument((22,), 60, 96, CHORDAL),
    "harp": Instrument((46,), 31, 98, CHORDAL),
    "marimba": Instrument((12,), 45, 96, CHORDAL),
    "oboe": Instrument((68,), 58, 91, MELODY),
    "piano": Instrument((0, 1, 3), 28, 103, CHORDAL, ("/m/05148p4", *MUSIC)),
    "saxophone": Instrument((64, 65, 66), 49, 87, MELODY, WIND),
    "trombone": Instrument((57,), 40, 74, MELODY),
    "trumpet": Instrument((56,), 54, 84, MELODY),
    "tuba": Instrument((58,), 29, 62, MELODY),
    "viola": Instrument((41,), 48, 88, MELODY),
    "violin": Instrument((40,), 55, 100, MELODY, BOWED),
}

DRUM_PIECES = {
    "kit": (36, 38, 42, 46, 37, 51, 49),
    "toms": (41, 43, 45, 47, 48, 50, 38),
    "hands": (60, 61, 62, 63, 64, 39, 56),
}
