"""The command line: assembly only. A file per noun beside this one."""
