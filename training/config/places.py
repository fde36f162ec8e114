"""Where data lie, which is another place on each machine and says nothing of what they are."""

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Places:
    """Where the data of a run lie, as the options of those names say it."""

    data: str
    others_data: str = ""
    groups: str = ""
    lists: str = ""


PLACES = tuple(field.name for field in fields(Places))
