"""A person's own videos: detection, separation, remix, their page and the model file."""
