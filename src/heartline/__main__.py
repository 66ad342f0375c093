"""`python -m heartline`."""

from heartline.cli import main

main()
