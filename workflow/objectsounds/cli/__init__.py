"""The command line: subcommands, what they print, exit codes."""
