"""What a check says of a capstone: found or not, so many points, and in words what to do."""

from __future__ import annotations

from dataclasses import dataclass

POINTS = {
    "report": 2,
    "model": 5,
    "answers": 8,
    "seeds": 4,
    "control": 6,
    "figure": 6,
    "interval": 5,
    "opened": 3,
    "leaks": 3,
    "budget": 4,
    "latency": 4,
}
MACHINE = sum(POINTS.values())  # 50
RUBRIC = ("question", "control", "evidence", "tradeoff", "candour")  # a person's, 10 points each


class Failed(Exception):
    """A check that is not passed: what is wrong, and what to do."""


@dataclass(frozen=True)
class Finding:
    """What one check found. words: what is wrong and what to do, or what was seen."""

    key: str
    passed: bool
    words: str

    @property
    def out_of(self) -> int:
        return POINTS[self.key]

    @property
    def points(self) -> int:
        return self.out_of if self.passed else 0


@dataclass(frozen=True)
class Verdict:
    """All findings on one capstone; printed, a line each. title: of the brief, "" where none is known."""

    title: str
    findings: tuple[Finding, ...]

    @property
    def points(self) -> int:
        return sum(finding.points for finding in self.findings)

    @property
    def passed(self) -> bool:
        return all(finding.passed for finding in self.findings)

    def __str__(self) -> str:
        lines = [f"Capstone, {self.title or 'of no known brief'}", ""]
        for f in self.findings:
            mark = "✓" if f.passed else "✗"
            lines.append(f"{mark} {f.key:<9} {f.points} of {f.out_of}   {f.words}")
        lines += [
            "",
            f"{self.points} of {MACHINE} points. The other {10 * len(RUBRIC)} come from a person, by "
            f"the rubric: {', '.join(RUBRIC)}, 10 each.",
            "Not checked, for the report alone can know it: what the runs answered whose models are not "
            "handed in, how much was tried, and looks at the test that it does not tell of.",
        ]
        return "\n".join(lines)


def counted(number: int, what: str) -> str:
    """A number with its noun: "1 seed", "3 seeds"."""
    return f"{number} {what}{'' if number == 1 else 's'}"
