"""objectsounds: the entry that people type ``snakemake`` beside; the workflow itself is workflow/Snakefile."""


include: "workflow/Snakefile"
