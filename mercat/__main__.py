"""`python -m mercat` is `mercat`."""

from mercat.config.cli import main

main()
