"""What stops a command before it starts: one clear sentence, never a traceback."""


class Refusal(Exception):
    """A sentence in French for the person at the keyboard; `exit_code` is what the command answers to the shell."""

    def __init__(self, sentence: str, *, exit_code: int = 1) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.exit_code = exit_code
