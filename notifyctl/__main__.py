"""`python -m notifyctl`."""

from notifyctl.cli import main

main()
