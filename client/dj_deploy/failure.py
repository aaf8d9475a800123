"""What ends a command with status 1: a refusal, or an error of a server or program."""

MOST_NAMED = 10  # things in one message


def listed(names):
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


class Failure(Exception):
    """A message, and what may follow it: a detail and a hint."""

    def __init__(self, message, detail=None, hint=None):
        super().__init__(message)
        self.message = message
        self.detail = detail
        self.hint = hint

    def __str__(self):
        lines = [f"error: {self.message}"]
        lines += [f"detail: {self.detail}"] if self.detail else []
        lines += [f"hint: {self.hint}"] if self.hint else []
        return "\n".join(lines)
