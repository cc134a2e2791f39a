"""The local page: a browser's way to separate, listen, remix and download, upon `video`."""
