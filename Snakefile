"""objectsounds: the entry that people start; the workflow itself is workflow/Snakefile."""


include: "workflow/Snakefile"


workflow.default_target = "all"  # which an included file does not set
