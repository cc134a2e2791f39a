"""What a run keeps of clips: status, frames, bags of bases, solos, mixtures, tables of scores."""
