"""The classification on the terminal: the class first, then why, what follows, and which duties on which day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from governance.frameworks.lists import certainty
from governance.frameworks.load import load
from governance.frameworks.requirements import Requirement
from governance.law.answers import listed
from governance.law.applies import Applying, applying
from governance.law.reading import class_name

if TYPE_CHECKING:
    from governance.law.classify import Classification

STYLES = {"PROHIBITED": "bold red", "PROHIBITED_PENDING": "bold red"}
CAVEAT = (
    "Paraphrased facts, not legal advice. The law that is held: {law}, read through public copies. It is in "
    "force where no line or note says otherwise."
)


def show(found: Classification, name: str, json_file: Path | None) -> None:
    """Print the class with its reasoning, what follows, the duties by article, and what would change the class."""
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    style = STYLES.get(found.primary, "bold")
    beside = [class_name(each) for each in found.overlays if each != found.primary]
    also = f", and beside it {listed(beside, 'and')}" if beside else ""
    console.print(f"[{style}]{class_name(found.primary)}[/{style}] ({found.primary}){_escape(also)}")
    console.print(f"{_escape(name)} on {found.as_of}. It rests on {_escape(listed(found.legal_basis, 'and'))}.\n")
    if found.until_then:
        console.print(f"Until the prohibition applies it is: {class_name(found.until_then.primary)}.\n")
    _steps(console, found)
    if found.follows:
        _list(console, "What follows", (f"{each.title}: {each.says} [{each.ref}]" for each in found.follows))
    _duties(console, found, applying(found, found.roles, found.as_of))
    if found.to_change:
        _list(console, "What would lead to another class", (f"{each.says} [{each.ref}]" for each in found.to_change))
    if found.guidance:
        _list(console, "Guidance that the reasons lean on", found.guidance)
    console.print(_escape(CAVEAT.format(law=found.law_version)), style="dim")
    if json_file:
        console.print(f"JSON: {_escape(str(json_file))}")


def _steps(console: Any, found: Classification) -> None:
    console.print("[bold]Why[/bold]")
    for step in found.reasoning:
        console.print(f"  {step.answer:<7}{_escape(step.question)} [dim]{_escape(f'[{step.ref}]')}[/dim]")
        console.print(f"         {_escape(step.says)}", style="dim")
    console.print()


def _duties(console: Any, found: Classification, duties: Applying) -> None:
    whose = f"as {listed(found.roles, 'and')}" if found.roles else "of every role, since the file names none"
    if found.primary == "PROHIBITED":
        console.print("[bold]Duties[/bold]: none of the Act makes it lawful as it is; the practice has to end.\n")
    elif not duties.in_force and not duties.coming:
        console.print("[bold]Duties[/bold]: none under the Act that is held.\n")
    if duties.in_force:
        _list(console, f"Duties in force on {found.as_of}, {whose}", (_line(each) for each in duties.in_force))
    refs = {each["id"]: each["ref"] for each in load("eu-ai-act")["sections"]}
    days = Counter(day for _, day in duties.coming)
    for day, number in sorted(days.items()):
        articles = Counter(each.section for each, due in duties.coming if due == day)
        named = ", ".join(f"{refs[section]} ({count})" for section, count in articles.items())
        _list(console, f"Coming on {day}, {whose}: {number} duties", (named,))
    if duties.conditional:
        lines = dict.fromkeys(f"{each.ref}, where {each.where}, from {each.date}" for each in duties.conditional)
        _list(console, "Only in certain cases", lines)
    for note in duties.notes:
        asked = f" In the file: {listed(note.unsaid, 'and')}." if note.unsaid else ""
        console.print(f"Note: {_escape(note.says + asked)}\n")


def _line(requirement: Requirement) -> str:
    """A duty with its reference, and how sure it is where it is not the text in force."""
    sure = "" if requirement.certainty == "in-force" else f", {certainty(requirement).title.lower()}"
    return f"{requirement.id}: {requirement.title} [{requirement.ref}{sure}]"


def _list(console: Any, title: str, lines: Iterable[str]) -> None:
    console.print(f"[bold]{_escape(title)}[/bold]")
    for line in lines:
        console.print(f"  - {_escape(line)}")
    console.print()


def _escape(text: str) -> str:
    from rich.markup import escape

    return escape(text)
