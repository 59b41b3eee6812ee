"""Everything that can go wrong in Ayni, on one page.

AyniError
├── RefusedError           a rule said no; nothing is broken
│   ├── NotEntitledError       this officer may not do this
│   ├── NotAgreedError         no agreement in force allows this
│   ├── UnsoundAgreementError  an agreement text that may not be proposed or signed as it stands
│   ├── WrongStateError        the thing is not in a state in which this can be done
│   ├── HeldError              a judicial hold forbids the deletion
│   └── ChangedMeanwhileError  somebody else changed it first (optimistic locking)
├── UnreadableError        a source or a file is not what it claims to be
├── InvalidValueError      a value outside what its field allows
├── SettingsError          a settings file that cannot be obeyed
├── NodeError              a node's folder, storage or keys are not usable
│   ├── NotANodeError          the folder holds no node
│   ├── NodeInUseError         another process serves this node
│   ├── NewerNodeError         written by a newer version of Ayni
│   ├── KeysError              keys missing, unreadable or of another node
│   ├── RestoredError          a restored node that has not been reconciled yet
│   ├── NamesNotReadyError     names are still being read into memory
│   └── NoSpaceError           the disk is full; nothing was half written
├── UnknownError           asked for something that is not there
├── MissingPartError       an optional part of Ayni that is not installed
├── DetectorError          a detector that cannot be loaded or run
├── LedgerError            a history that does not add up
├── KeyHistoryError        keys of an institution that cannot be believed
└── EnvelopeError          a message that cannot be trusted or read

Each class says what happened as a sentence with holes (`says`), takes the facts
that fill them as keyword arguments, and ends with what to do next (`try_this`).
A refusal that is expected in normal work is a value (`Refusal`, `Decision`), not
one of these; these are for callers who asked for the impossible.
"""

from __future__ import annotations


class AyniError(Exception):
    """Base of every error raised on purpose: a sentence with holes, its facts, the next step."""

    says = "something went wrong: {what}"
    try_this = ""
    exit_code = 1

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        sentence = self.says.format_map(_Holes(facts))
        super().__init__(f"{sentence}; {self.advice}" if self.advice else sentence)

    @property
    def advice(self) -> str:
        """What to do next, with the same facts filled in."""
        return self.try_this.format_map(_Holes(self.facts))


class _Holes(dict[str, object]):
    """A missing fact shows as its name instead of raising while an error is being raised."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


class RefusedError(AyniError):
    """A rule said no; nothing is broken."""

    says = "refused: {why}"


class NotEntitledError(RefusedError):
    """This officer may not do this."""

    says = "{officer} may not {act}"
    try_this = "ask the administrator of your node which role allows it"


class NotAgreedError(RefusedError):
    """No agreement in force allows this."""

    says = "no agreement in force lets {partner} receive this for {purpose}"
    try_this = "read the refusals, then speak with whoever signed for your institution"


class UnsoundAgreementError(RefusedError):
    """An agreement text that may not be proposed or signed as it stands."""

    says = "agreement {agreement}: {why}"
    try_this = "correct the text and run `ayni agreement check` again; nothing was changed"


class WrongStateError(RefusedError):
    """The thing is not in a state in which this can be done."""

    says = "{thing} is {state}; {act} needs it to be {needs}"
    try_this = "look at it again: somebody may have acted on it already"


class HeldError(RefusedError):
    """A judicial hold forbids the deletion."""

    says = "{record} is held by order of {court} until review on {review_on}"
    try_this = "nothing is deleted while the hold lasts; the court can lift it"


class ChangedMeanwhileError(RefusedError):
    """Somebody else changed it first (optimistic locking)."""

    says = "{record} has changed since you read it (version {stored}, you had {yours})"
    try_this = "read it again and repeat what still makes sense"


class UnreadableError(AyniError):
    """A source or a file is not what it claims to be."""

    says = "{file} cannot be read: {why}"
    try_this = "keep the file as it is and ask whoever sent it"


class InvalidValueError(AyniError, ValueError):
    """A value outside what its field allows."""

    says = "{field}: {why}"


class SettingsError(AyniError):
    """A settings file that cannot be obeyed."""

    says = "{file}: {why}"
    try_this = "correct the line and start again; every key is described in docs/reference/settings.md"
    exit_code = 2


class NodeError(AyniError):
    """A node's folder, storage or keys are not usable."""

    says = "the node at {folder} cannot be used: {why}"


class NotANodeError(NodeError):
    """The folder holds no node."""

    says = "{folder} is not a node: it has no settings.toml"
    try_this = "name the folder with --node, or create one with `ayni node init {folder}`"


class NodeInUseError(NodeError):
    """Another process serves this node."""

    says = "the node at {folder} is already served by process {pid}"
    try_this = "stop that process first; two servers on one node would answer for each other"


class NewerNodeError(NodeError):
    """Written by a newer version of Ayni."""

    says = "the storage of {folder} was written by a newer Ayni (schema {stored}, this one knows {known})"
    try_this = "install that version or newer; nothing was changed"


class KeysError(NodeError):
    """Keys missing, unreadable or of another node."""

    says = "the keys of {folder} cannot be used: {why}"
    try_this = "restore the key file from its own backup; without it the records stay sealed"


class RestoredError(NodeError):
    """A restored node that has not been reconciled yet."""

    says = "the node at {folder} was restored from a backup of {made_at} and has not been reconciled"
    try_this = "replay deletions with `ayni node reconcile --node {folder}`; until then no record opens"


class NamesNotReadyError(NodeError):
    """Names are still being read into memory."""

    says = "names and numbers are still being read into memory, so nothing can be searched yet"
    try_this = (
        "search again in a few seconds; if this lasts, an administrator sees why under the node's background work"
    )


class NoSpaceError(NodeError):
    """The disk is full; nothing was half written."""

    says = "no space left on the disk of {folder} while {doing}"
    try_this = "free some space and repeat; what had been confirmed before is kept"


class UnknownError(AyniError):
    """Asked for something that is not there."""

    says = "there is no {kind} {name}"


class MissingPartError(AyniError):
    """An optional part of Ayni that is not installed."""

    says = "{part} is not installed"
    try_this = "install it with `{install}`"


class DetectorError(AyniError):
    """A detector that cannot be loaded or run."""

    says = "detector {rule}: {why}"


class LedgerError(AyniError):
    """A history that does not add up."""

    says = "the ledger {ledger} does not verify: {why}"
    try_this = "keep this copy; compare it with the checkpoints your partners witnessed"


class KeyHistoryError(AyniError):
    """Keys of an institution that cannot be believed."""

    says = "the keys of {node} cannot be believed: {why}"
    try_this = "compare fingerprints with {node} on paper or by voice before anything more is exchanged"


class EnvelopeError(AyniError):
    """A message that cannot be trusted or read."""

    says = "envelope {envelope} refused: {why}"
