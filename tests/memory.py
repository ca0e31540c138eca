"""What a process remembers of rows, so that a test may forget it when the rows are taken back."""

from __future__ import annotations


def forget_rows() -> None:
    from guichet.accounts import machines
    from guichet.cases.routing.learnt import forget_learnt
    from guichet.cases.routing.rules import forget_rules
    from guichet.core.plugging import channel
    from guichet.knowledge import finding
    from guichet.organisation import directory

    machines.forget()
    directory.forget()
    forget_rules()
    forget_learnt()
    finding.forget()
    channel.cache_clear()
