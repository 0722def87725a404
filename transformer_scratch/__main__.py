"""`python -m transformer_scratch` is the command `transformer-scratch`."""

import sys

from transformer_scratch.commands.command_line import main

if __name__ == "__main__":
    sys.exit(main())
