"""Instruments played by a SoundFont: the notes, the sound and the room."""
