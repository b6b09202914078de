"""The one error that is the user's to mend."""


class InputError(ValueError):
    """A file, option or policy cannot be used as given; the message says what is wrong and how to mend it.

    The command line exits with 2 on it, a job fails with it as its reason, a page shows it beside the field.
    """

    exit_code = 2
