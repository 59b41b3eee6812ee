"""Who must have signed before a checkpoint is believed: the log itself, and enough witnesses.

An agreement says "two of three partners". Written as a file that any tool for
transparency logs reads:

    log <vkey>
    log <vkey>
    witness bo.ed25519 <vkey>
    witness bo.ml-dsa-44 <vkey>
    group bo all bo.ed25519 bo.ml-dsa-44
    …
    group partners 2 bo co ec
    quorum partners

One thing is stricter here than the format demands: a checkpoint must bear a
signature of **each kind** of key listed under its origin, because the second one is
there for the day on which the first can be forged. After a rotation, old and new
keys of a kind stand side by side and either will do.

Source: C2SP tlog-policy, https://c2sp.org/tlog-policy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ayni.errors import LedgerError, UnreadableError
from ayni.ledger.checkpoint import SignedCheckpoint
from ayni.ledger.note import Kind, VerifierKey
from ayni.model.checks import require

NONE = "none"
"""The quorum of a ledger that nobody witnesses yet."""
LOG_KINDS = (Kind.ED25519, Kind.ML_DSA_44)
WITNESS_KINDS = (Kind.ED25519_COSIGNATURE, Kind.ML_DSA_44)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """At least *needed* of *members*, each a witness or another group.

    Raises:
        InvalidValueError: if it can never or always be met, or counts a member twice.
    """

    needed: int
    members: tuple[str, ...]

    def __post_init__(self) -> None:
        require(len(set(self.members)) == len(self.members), "members", "a member is listed twice")
        require(1 <= self.needed <= len(self.members), "needed", f"needs 1 to {len(self.members)} members")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Known logs, known witnesses, and the quorum.

    Raises:
        InvalidValueError: if the quorum names nobody known.
    """

    logs: tuple[VerifierKey, ...]
    witnesses: Mapping[str, VerifierKey] = field(default_factory=dict[str, VerifierKey])
    groups: Mapping[str, Group] = field(default_factory=dict[str, Group])
    quorum: str = NONE

    def __post_init__(self) -> None:
        known = set(self.witnesses)
        for name, group in self.groups.items():
            require(set(group.members) <= known, "groups", f"{name} names a member that is not defined before it")
            known.add(name)
        require(self.quorum in known | {NONE}, "quorum", f"{self.quorum} is neither a witness nor a group")
        members = [name for group in self.groups.values() for name in group.members]
        require(len(set(members)) == len(members), "groups", "a witness would count in two groups")

    @property
    def keys(self) -> Sequence[VerifierKey]:
        """Every key the policy knows."""
        return (*self.logs, *self.witnesses.values())

    def check(self, signed: SignedCheckpoint) -> None:
        """Believe a checkpoint, or say what is missing.

        Raises:
            LedgerError: if a signature of the log is missing, one does not verify, or the quorum is not reached.
        """
        origin = signed.checkpoint.origin
        keys = [key for key in self.logs if key.name == origin]
        by_log = {one.key.kind for one in signed.verify(keys)}
        for kind in {key.kind for key in keys} - by_log:
            raise LedgerError(ledger=origin, why=f"no {kind.name} signature of {origin}")
        if not keys:
            raise LedgerError(ledger=origin, why="no key was given to check it with")
        cosigned = {one.key for one in signed.verify(self.witnesses.values())}
        if not self._met(self.quorum, cosigned):
            names = ", ".join(sorted(name for name, key in self.witnesses.items() if key in cosigned)) or "nobody"
            raise LedgerError(ledger=origin, why=f"quorum {self.quorum} is not reached: witnessed by {names}")

    def _met(self, name: str, cosigned: set[VerifierKey]) -> bool:
        if name == NONE:
            return True
        if name in self.witnesses:
            return self.witnesses[name] in cosigned
        group = self.groups[name]
        return sum(self._met(member, cosigned) for member in group.members) >= group.needed

    def to_bytes(self) -> bytes:
        """Return the policy as a file."""
        lines = [f"log {key}" for key in self.logs]
        lines += [f"witness {name} {key}" for name, key in self.witnesses.items()]
        lines += [f"group {name} {group.needed} {' '.join(group.members)}" for name, group in self.groups.items()]
        return "\n".join([*lines, f"quorum {self.quorum}", ""]).encode()

    @staticmethod
    def parse(data: bytes) -> Policy:
        """Read a policy file.

        Raises:
            UnreadableError: naming the line that is wrong.
        """
        reader = _Reader()
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            raise UnreadableError(file="policy", why="not UTF-8") from error
        for number, line in enumerate(text.split("\n"), start=1):
            words = line.split()
            if words and not words[0].startswith("#"):
                try:
                    reader.take(words)
                except (ValueError, UnreadableError) as error:
                    raise UnreadableError(file="policy", why=f"line {number}: {error}") from error
        return reader.policy()


def quorum_of(needed: int, partners: Mapping[str, Sequence[VerifierKey]], logs: Sequence[VerifierKey]) -> Policy:
    """Return the policy "at least *needed* of these partners, each with all of its witness keys".

    Raises:
        InvalidValueError: if fewer partners are given than needed.
    """
    witnesses = {
        f"{name}.{key.kind.name.lower().replace('_', '-')}": key for name, keys in partners.items() for key in keys
    }
    groups = {
        name: Group(needed=len(keys), members=tuple(seat for seat, key in witnesses.items() if key in keys))
        for name, keys in partners.items()
    }
    if needed == 0:
        return Policy(logs=tuple(logs), witnesses=witnesses, groups=groups)
    groups["quorum-of-partners"] = Group(needed=needed, members=tuple(partners))
    return Policy(logs=tuple(logs), witnesses=witnesses, groups=groups, quorum="quorum-of-partners")


class _Reader:
    """Takes a policy line by line; names must be known before they are used, so groups cannot be circular."""

    def __init__(self) -> None:
        self.logs: list[VerifierKey] = []
        self.witnesses: dict[str, VerifierKey] = {}
        self.groups: dict[str, Group] = {}
        self.quorum = ""

    def take(self, words: Sequence[str]) -> None:
        match words:
            case ["log", key] | ["log", key, _]:
                self._add_log(_key(key, LOG_KINDS))
            case ["witness", name, key] | ["witness", name, key, _]:
                self._new(name)
                self.witnesses[name] = self._unlike(_key(key, WITNESS_KINDS))
            case ["group", name, needed, *members] if members:
                self._new(name)
                self._known(*members)
                self.groups[name] = Group(needed=_count(needed, len(members)), members=tuple(members))
            case ["quorum", name] if not self.quorum:
                if name != NONE:
                    self._known(name)
                self.quorum = name
            case _:
                message = f"`{' '.join(words)[:60]}` is no log, witness, group or single quorum line"
                raise ValueError(message)

    def policy(self) -> Policy:
        if not self.quorum:
            raise UnreadableError(file="policy", why="no quorum line")
        try:
            return Policy(logs=tuple(self.logs), witnesses=self.witnesses, groups=self.groups, quorum=self.quorum)
        except ValueError as error:
            raise UnreadableError(file="policy", why=str(error)) from error

    def _add_log(self, key: VerifierKey) -> None:
        if any(key.public == known.public for known in self.logs):
            message = "a log key is listed twice"
            raise ValueError(message)
        self.logs.append(key)

    def _unlike(self, key: VerifierKey) -> VerifierKey:
        if any(key.public == known.public for known in self.witnesses.values()):
            message = "a witness key is listed twice"
            raise ValueError(message)
        return key

    def _new(self, name: str) -> None:
        if name in self.witnesses or name in self.groups or name == NONE:
            message = f"the name {name} is taken"
            raise ValueError(message)

    def _known(self, *names: str) -> None:
        for name in names:
            if name not in self.witnesses and name not in self.groups:
                message = f"{name} is not defined above"
                raise ValueError(message)


def _key(text: str, kinds: Sequence[Kind]) -> VerifierKey:
    key = VerifierKey.parse(text)
    if key.kind not in kinds:
        message = f"{key.name} has a key of kind {key.kind.name}, which cannot be used here"
        raise ValueError(message)
    return key


def _count(word: str, members: int) -> int:
    return {"any": 1, "all": members}.get(word) or int(word)
