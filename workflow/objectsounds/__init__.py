"""Learn how objects sound from unlabelled video, and separate the sounds of new videos."""

__version__ = "0.1.0"
