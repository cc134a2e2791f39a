"""Networks and their training: MIML, U-Net, Wave-U-Net, image classifiers."""
