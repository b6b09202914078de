"""What can be wrong with what a user hands in. One class per cause would be many; one class, one message each."""


class InputError(ValueError):
    """The data, options or policy cannot be audited as given; the message says what is wrong and how to mend it.

    The command line exits with 2 on it, a job fails with it as its reason.
    """
