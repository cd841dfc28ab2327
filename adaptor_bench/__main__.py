"""``python -m adaptor_bench``."""

from adaptor_bench.cli import main

if __name__ == "__main__":
    main()
