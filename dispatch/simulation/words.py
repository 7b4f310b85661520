"""What callers say: Spanish of Quito, with reference points as people there use them."""

import json
from dataclasses import dataclass
from pathlib import Path
from random import Random

from dispatch.model.city import Nature


@dataclass(frozen=True, slots=True)
class Words:
    natures: dict[str, list[str]]
    references: list[str]
    sectors: list[str]
    colours: list[str]
    misuse: list[str]
    names: list[str]
    again: list[str]

    @classmethod
    def load(cls, path: Path = Path(__file__).parent / "words.json") -> "Words":
        return cls(**json.loads(path.read_text("utf-8")))

    def call(self, random: Random, nature: Nature, place: str, *, again: bool) -> str:
        """What happens, where, and a reference point; `place` is a known one nearby."""
        what = random.choice(self.natures.get(nature.code) or [nature.es + "."])
        parts = [what, random.choice(self.sectors).format(place=place), self._reference(random)]
        if again:
            parts.append(random.choice(self.again))
        return " ".join(parts)

    def silence(self, random: Random) -> str:
        return random.choice(self.misuse)

    def name(self, random: Random) -> str | None:
        """A first name, if the caller gives one."""
        return random.choice(self.names) if random.random() < 0.6 else None

    def _reference(self, random: Random) -> str:
        return random.choice(self.references).format(
            number=random.randint(1, 120), floors=random.randint(3, 14), colour=random.choice(self.colours)
        )
