"""Command ``starter``: play and keep what the starter separates by, before it is first wanted."""

from pathlib import Path

from objectsounds.config.video_options import split_list

OPTIONS = {
    "objects": {"help": "instruments, as violin,piano; default: Gao's fifteen"},
    "soundfont": {"metavar": "FILE", "action": "append", "help": "to play them; may be given again"},
}


def run(args, settings: dict) -> None:
    """Make the starter's model and tell what it knows."""
    from objectsounds.core.cores import cores
    from objectsounds.core.progress import Counter
    from objectsounds.video.starter import starter_model

    fonts = [Path(name) for name in args.soundfont or []]
    progress = Counter("instruments played")
    model = starter_model(split_list(args.objects), fonts, progress=progress, workers=cores())
    model.dictionary.ready(model.objects)
    count = sum(model.dictionary.of(name).shape[1] for name in model.objects)
    print(f"the starter knows {', '.join(model.objects)}: {count} bases, kept in {model.path}")
