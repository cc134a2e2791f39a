"""Networks and their training: MIML, U-Net, Wave-U-Net, co-separation, Sound of Pixels, image classifiers."""
