"""`python -m ad_compiler`, the same as `ad-compiler`."""

import sys

from ad_compiler.cli import main

if __name__ == "__main__":
    sys.exit(main())
