"""Judges one object by its name and footer. Pure."""

from services.archiving.footer import Footer
from services.archiving.naming import decision_name, object_name, object_start


def has_object_name(name: str) -> bool:
    """Whether it is exactly the name of an object with rows or of a fence."""
    start = object_start(name)
    return start is not None and object_name(start) == name


def disagreement(name: str, footer: Footer) -> str | None:
    """What is wrong with the footer of an object of a chain; None if it agrees with the name."""
    if footer.end <= footer.begin:
        return f"its footer ends at {footer.end}, not behind its begin {footer.begin}"
    if footer.kind == "decision":
        named = decision_name(footer.topic_id, footer.partition, footer.begin)
        return None if name == named else f"its footer says that it is the decision {named}"
    start = object_start(name)
    found = (footer.topic_id, footer.partition, footer.begin)
    if start and found == (start.topic_id, start.partition, start.offset):
        return None
    return "its footer says topic id {}, partition {}, position {}".format(*found)
