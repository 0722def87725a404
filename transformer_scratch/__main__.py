"""`python -m transformer_scratch` is the command `transformer-scratch`."""

from transformer_scratch.commands.command_line import program

if __name__ == "__main__":
    program()
