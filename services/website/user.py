"""Who looks at the website. Made by services.website.auth for each request."""

from dataclasses import dataclass

from services.website.schema import Role


@dataclass(frozen=True, slots=True)
class User:
    """Somebody signed in; a viewer looks on, an operator acts and is told names."""

    name: str
    role: Role

    @property
    def is_operator(self) -> bool:
        """Whether they may act, and read names of citizens."""
        return self.role == "operator"
