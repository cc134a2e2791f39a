"""Sound and picture of any file, at the times that a player shows; WAV files."""
