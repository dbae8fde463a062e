"""`python -m filmcolor`."""

from filmcolor.cli.main import main

if __name__ == "__main__":
    main()
