"""The one exception for what a user can mend: what happened, where, and how to mend it.

Nothing here is yours to edit: raise `MergelineError` near the cause, it is printed at the edge (`command.py`).
"""


class MergelineError(Exception):
    """A fault that the user can mend.

    Parameters
    ----------
    what : str
        What happened, with the offending value.
    where : str
        File, row, column, parameter or command at fault.
    fix : str
        What to do about it, in the imperative.
    """

    def __init__(self, what: str, *, where: str, fix: str) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.fix = fix

    def __str__(self) -> str:
        indented = self.fix.replace("\n", "\n         ")
        return f"error: {self.what}\n  where: {self.where}\n  fix:   {indented}"
