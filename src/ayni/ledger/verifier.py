"""Verify an exported ledger, without the node that made it and without Ayni.

    python verifier.py EXPORT [--policy FILE] [--lang es|pt|en|fr] [--entry FILE] [--receipt FILE] [--json]

Needs Python 3.11 and the package `cryptography`, nothing else. EXPORT is a folder or
a zip file. What is checked, in this order:

 1. every file is the one the manifest lists, and no other file is there;
 2. every checkpoint is signed by the log with a key of each kind that the policy lists for it,
    and the newest one by as many witnesses as the policy asks;
 3. every entry is well formed, and no two have the same id;
 4. every entry is hashed again, and every tile and every checkpoint follows from those hashes.

The keys decide what all of this is worth. Give the policy that you received from the
witnesses themselves (`--policy`); without it the keys are taken from the export, and
the verdict says so.

This file is a second, separate implementation of RFC 9162 and of the C2SP formats
(checkpoint, tlog-tiles, tlog-proof, tlog-policy, tlog-cosignature): it shares no code
with the node, so that one mistake cannot hide in both. The formats are written down in
docs/reference/protocols/ayni-ledger-1.md.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import re
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

SENTENCES = {
    "whole": {
        "en": "the ledger {origin} is whole; entries: {entries}; checkpoints: {checkpoints}; root: {root}",
        "es": "el libro de registro {origin} está íntegro; asientos: {entries};"
        " puntos de control: {checkpoints}; raíz: {root}",
        "pt": "o livro de registro {origin} está íntegro; lançamentos: {entries};"
        " pontos de controle: {checkpoints}; raiz: {root}",
        "fr": "le registre {origin} est intègre ; inscriptions : {entries} ;"
        " points de contrôle : {checkpoints} ; racine : {root}",
    },
    "witnessed": {
        "en": "witnessed by: {witnesses}",
        "es": "dan fe: {witnesses}",
        "pt": "testemunhado por: {witnesses}",
        "fr": "attesté par : {witnesses}",
    },
    "own-keys": {
        "en": "the keys were taken from the export itself; compare these fingerprints with those on paper:",
        "es": "las claves se tomaron de la propia exportación; compare estas huellas con las impresas en papel:",
        "pt": "as chaves foram tiradas da própria exportação; compare estas impressões digitais com as do papel:",
        "fr": "les clés proviennent de l’exportation elle-même ; comparez ces empreintes à celles du papier :",
    },
    "entry-found": {
        "en": "the entry is number {index} of this ledger, unchanged",
        "es": "el asiento es el número {index} de este libro de registro, sin cambios",
        "pt": "o lançamento é o número {index} deste livro de registro, inalterado",
        "fr": "l’inscription porte le numéro {index} dans ce registre, inchangée",
    },
    "receipt-holds": {
        "en": "the receipt holds: entry {index} of {origin}",
        "es": "el recibo es válido: asiento {index} de {origin}",
        "pt": "o recibo é válido: lançamento {index} de {origin}",
        "fr": "le reçu est valable : inscription {index} de {origin}",
    },
    "refused": {
        "en": "REFUSED: {why}",
        "es": "RECHAZADO: {why}",
        "pt": "RECUSADO: {why}",
        "fr": "REFUSÉ : {why}",
    },
    "missing": {
        "en": "{file} is missing",
        "es": "falta {file}",
        "pt": "falta {file}",
        "fr": "{file} manque",
    },
    "unlisted": {
        "en": "{file} is not in the manifest",
        "es": "{file} no figura en el manifiesto",
        "pt": "{file} não consta do manifesto",
        "fr": "{file} ne figure pas au manifeste",
    },
    "changed": {
        "en": "{file} is not the file that the manifest lists: it was changed or cut short",
        "es": "{file} no es el archivo que figura en el manifiesto: fue modificado o truncado",
        "pt": "{file} não é o arquivo que consta do manifesto: foi alterado ou truncado",
        "fr": "{file} n’est pas le fichier inscrit au manifeste : il a été modifié ou tronqué",
    },
    "malformed": {
        "en": "{file} is malformed: {detail}",
        "es": "{file} está mal formado: {detail}",
        "pt": "{file} está malformado: {detail}",
        "fr": "{file} est mal formé : {detail}",
    },
    "unsigned": {
        "en": "{file} lacks a valid signature of {signer}",
        "es": "a {file} le falta una firma válida de {signer}",
        "pt": "falta a {file} uma assinatura válida de {signer}",
        "fr": "il manque à {file} une signature valable de {signer}",
    },
    "quorum": {
        "en": "too few witnesses have signed {file}",
        "es": "son demasiado pocos los testigos que firmaron {file}",
        "pt": "são poucas demais as testemunhas que assinaram {file}",
        "fr": "trop peu de témoins ont signé {file}",
    },
    "tree": {
        "en": "{file} does not follow from the entries: history was changed",
        "es": "{file} no se deduce de los asientos: el historial fue alterado",
        "pt": "{file} não decorre dos lançamentos: o histórico foi alterado",
        "fr": "{file} ne découle pas des inscriptions : l’historique a été altéré",
    },
    "twice": {
        "en": "the entry id {id} stands twice",
        "es": "el identificador de asiento {id} aparece dos veces",
        "pt": "o identificador de lançamento {id} aparece duas vezes",
        "fr": "l’identifiant d’inscription {id} apparaît deux fois",
    },
    "no-entry": {
        "en": "this ledger holds no such entry",
        "es": "este libro de registro no contiene tal asiento",
        "pt": "este livro de registro não contém tal lançamento",
        "fr": "ce registre ne contient pas cette inscription",
    },
    "no-inclusion": {
        "en": "the receipt does not lead from its entry to the signed root",
        "es": "el recibo no conduce de su asiento a la raíz firmada",
        "pt": "o recibo não conduz do seu lançamento à raiz assinada",
        "fr": "le reçu ne mène pas de son inscription à la racine signée",
    },
}
"""Everything this program says, by what it is about and language."""

Reader = Callable[[str], bytes]
"""Returns the bytes of a file that is the one listed in the manifest."""
WIDTH = 256
HASH = 32
KEY_ID = 4
MAX_NOTE = 1 << 18
HEAD, ID, DIGEST = b"ayni-leaf/1", 36, 64
BARE, TOO_LONG = len(HEAD) + ID + DIGEST + 5, 266
"""Bytes of an entry beside its act and time."""
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
MAX_ACT, TIME, VISIBLE = 80, set(range(1, 17)), bytes(range(0x21, 0x7F))
ED25519, ED25519_COSIGNATURE, ML_DSA_44 = 1, 4, 6
KEY_BYTES = {ED25519: 32, ED25519_COSIGNATURE: 32, ML_DSA_44: 1312}
LOG_KINDS, WITNESS_KINDS = (ED25519, ML_DSA_44), (ED25519_COSIGNATURE, ML_DSA_44)


class Refuted(Exception):  # noqa: N818 -- a verdict, not a defect
    """The export does not hold; `about` names a sentence, `facts` fill it."""

    def __init__(self, about: str, **facts: object) -> None:
        super().__init__(about, facts)
        self.about = about
        self.facts = facts

    def says(self, language: str) -> str:
        """Return why, in one of the four languages."""
        return say(self.about, language, **self.facts)


def say(about: str, language: str, **facts: object) -> str:
    """Return a sentence of `SENTENCES` with its facts."""
    return SENTENCES[about][language].format_map(facts)


@dataclass(frozen=True)
class Key:
    """A public key and the name it signs under."""

    name: str
    kind: int
    public: bytes

    @property
    def id(self) -> bytes:
        """Four bytes that tell keys of one name apart."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    @property
    def fingerprint(self) -> str:
        """SHA-256 over kind and key, in groups of four hex digits."""
        digest = hashlib.sha256(bytes([self.kind]) + self.public).hexdigest()
        return " ".join(digest[at : at + 4] for at in range(0, len(digest), 4))


@dataclass
class Policy:
    """Keys of logs and witnesses, and the quorum."""

    logs: list[Key] = field(default_factory=list)
    witnesses: dict[str, Key] = field(default_factory=dict)
    groups: dict[str, tuple[int, list[str]]] = field(default_factory=dict)
    quorum: str = ""

    def met(self, name: str, signed: set[Key]) -> bool:
        """Say whether a witness or group counts among *signed*."""
        if name == "none":
            return True
        if name in self.witnesses:
            return self.witnesses[name] in signed
        needed, members = self.groups[name]
        return sum(self.met(member, signed) for member in members) >= needed


@dataclass(frozen=True)
class Checkpoint:
    """Origin, size, root and signature lines (name, key id, signature) of one signed tree."""

    origin: str
    size: int
    root: bytes
    text: bytes
    lines: list[tuple[str, bytes, bytes]]


@dataclass(frozen=True)
class Verdict:
    """What was found to hold."""

    origin: str
    entries: int
    checkpoints: int
    root: str
    witnesses: list[str]
    fingerprints: dict[str, str]
    own_keys: bool
    """True when the keys came from the export itself."""


class Files:
    """The files of an export, from a folder or a zip file."""

    def __init__(self, place: Path) -> None:
        self._place = place
        if place.is_dir():
            self._zip = None
            self.names = {str(path.relative_to(place)) for path in place.rglob("*") if path.is_file()}
            return
        try:
            self._zip = zipfile.ZipFile(place)
        except FileNotFoundError as error:
            raise Refuted("missing", file=place) from error
        except (zipfile.BadZipFile, OSError) as error:
            raise Refuted("malformed", file=place, detail=error) from error
        listed = [info.filename for info in self._zip.infolist() if not info.is_dir()]
        self.names = set(listed)
        if len(listed) != len(self.names):
            raise Refuted("malformed", file=place, detail="a file stands twice in the zip")

    def read(self, name: str) -> bytes:
        """Return a file's bytes."""
        if name not in self.names:
            raise Refuted("missing", file=name)
        try:
            return (self._place / name).read_bytes() if self._zip is None else self._zip.read(name)
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, OSError) as error:
            raise Refuted("malformed", file=name, detail=error) from error


def verify_export(place: Path, policy: bytes | None = None) -> Verdict:
    """Check a whole export and return what holds. *policy* is the auditor's own; without it the export's is used."""
    files = Files(place)
    wanted = read_manifest(files)
    own = read_policy(wanted("policy"))
    trusted = own if policy is None else read_policy(policy, "--policy")
    latest = check_checkpoint(wanted("checkpoint"), "checkpoint", trusted, quorum=True)
    older = [
        (name, check_checkpoint(wanted(name), name, trusted, quorum=False))
        for name in sorted(files.names)
        if name.startswith("checkpoints/")
    ]
    tiles = hash_everything(wanted, latest.size)
    expected = {tile_path(level, index, width) for level, index, width in tiles_of(latest.size)}
    expected |= {tile_path("entries", index, width) for level, index, width in tiles_of(latest.size) if level == 0}
    if strange := {name for name in files.names if name.startswith("tile/")} - expected:
        raise Refuted("unlisted", file=min(strange))
    for name, checkpoint in [("checkpoint", latest), *older]:
        if checkpoint.origin != latest.origin or not fits(tiles, checkpoint, latest.size):
            raise Refuted("tree", file=name)
        if name not in {"checkpoint", f"checkpoints/{checkpoint.size:015}"}:
            raise Refuted("malformed", file=name, detail="another size than its name says")
    signed = verified(latest, "checkpoint", [*trusted.witnesses.values()])
    return Verdict(
        origin=latest.origin,
        entries=latest.size,
        checkpoints=len({checkpoint.size for _, checkpoint in [("", latest), *older]}),
        root=latest.root.hex(),
        witnesses=sorted({key.name for key in signed}),
        fingerprints={
            f"{key.name} ({key.id.hex()})": key.fingerprint for key in [*trusted.logs, *trusted.witnesses.values()]
        },
        own_keys=policy is None,
    )


def read_manifest(files: Files) -> Reader:
    """Read the manifest, refuse strange files, and return a reader that checks each file against it."""
    listed: dict[str, str] = {}
    for line in decode(files.read("manifest"), "manifest").split("\n")[:-1]:
        digest, gap, name = line.partition("  ")
        if not gap or not re.fullmatch("[0-9a-f]{64}", digest) or name in listed:
            raise Refuted("malformed", file="manifest", detail=repr(line[:80]))
        listed[name] = digest
    if missing := set(listed) - files.names:
        raise Refuted("missing", file=min(missing))
    if strange := files.names - set(listed) - {"manifest"}:
        raise Refuted("unlisted", file=min(strange))

    def wanted(name: str) -> bytes:
        data = files.read(name)
        if hashlib.sha256(data).hexdigest() != listed.get(name):
            raise Refuted("changed", file=name)
        return data

    for name in listed:
        if not name.startswith(("tile/", "checkpoint")):
            wanted(name)
    return wanted


def hash_everything(wanted: Reader, size: int) -> dict[tuple[int, int], bytes]:
    """Hash every entry again, compare every tile, and return the tiles."""
    tiles: dict[tuple[int, int], bytes] = {}
    seen: set[bytes] = set()
    for level, index, width in tiles_of(size):
        name = tile_path(level, index, width)
        if level == 0:
            bundle = tile_path("entries", index, width)
            hashes = hash_bundle(wanted(bundle), width, bundle, seen)
        else:
            first = index * WIDTH
            hashes = b"".join(fold(tiles[level - 1, below]) for below in range(first, first + width))
        if hashes != wanted(name):
            raise Refuted("tree", file=name)
        tiles[level, index] = hashes
    return tiles


def hash_bundle(bundle: bytes, width: int, name: str, seen: set[bytes]) -> bytes:
    """Return the leaf hashes of a bundle, one after the other; remember the entry ids."""
    sizes, ids = read_bundle(bundle, width, name)
    before = len(seen)
    seen.update(ids)
    if len(seen) != before + width:
        doubled = next((one for one in ids if ids.count(one) > 1), ids[0])
        raise Refuted("twice", id=doubled.decode())
    sha256, ends = hashlib.sha256, accumulate(size + 2 for size in sizes)
    return b"".join(
        [sha256(b"\0" + bundle[end - size : end]).digest() for size, end in zip(sizes, ends, strict=True)]
    )


def read_bundle(bundle: bytes, width: int, name: str) -> tuple[list[int], list[bytes]]:
    """Check that a bundle holds *width* entries of format ayni-leaf/1; return their lengths and ids.

    An entry has five lines: its length and the format, id, act, milliseconds, digest. No entry is as
    long as 266 bytes or as short as 10, so no length holds a line feed, and all entries of a bundle
    can be split and checked at once; the length before each must be that of its own five lines.
    """
    lines = bundle.split(b"\n")
    heads, ids, acts, times, digests = (lines[place:-1:5] for place in range(5))
    sizes = [BARE + len(act) + len(time) for act, time in zip(acts, times, strict=False)]
    head_of = {size: size.to_bytes(2, "big") + HEAD for size in set(sizes) if size < TOO_LONG}
    checks = (
        len(lines) == 5 * width + 1 and not lines[-1],
        heads == [head_of.get(size) for size in sizes],
        set(map(len, ids)) == {ID} and not b"".join(ids).translate(None, b"0123456789abcdef-"),
        all(0 < len(act) <= MAX_ACT and not act.translate(None, VISIBLE) for act in set(acts)),
        set(map(len, times)) <= TIME and not b"".join(times).translate(None, b"0123456789"),
        b"0" not in {time[:1] for time in times},
        set(map(len, digests)) == {DIGEST} and not b"".join(digests).translate(None, b"0123456789abcdef"),
    )
    if not all(checks):
        raise Refuted("malformed", file=name, detail=f"not {width} entries of format ayni-leaf/1, or cut short")
    return sizes, ids


def fold(hashes: bytes) -> bytes:
    """Return the root over a power of two of hashes."""
    sha256 = hashlib.sha256
    while len(hashes) > HASH:
        hashes = b"".join(
            [sha256(b"\1" + hashes[at : at + 2 * HASH]).digest() for at in range(0, len(hashes), 2 * HASH)]
        )
    return hashes


@lru_cache(maxsize=4096)
def fold_once(hashes: bytes) -> bytes:
    """Return `fold`, remembered: older checkpoints share most of their subtrees."""
    return fold(hashes)


def root_of(tiles: dict[tuple[int, int], bytes], start: int, end: int) -> bytes:
    """Return the Merkle tree hash of entries `[start, end)` from tiles. Source: RFC 9162, section 2.1.1."""
    count = end - start
    if count == 0:
        return hashlib.sha256(b"").digest()
    if count & (count - 1) == 0 and start % count == 0:
        level, above = divmod(count.bit_length() - 1, 8)
        tile, offset = divmod(start >> (8 * level), WIDTH)
        return fold_once(tiles[level, tile][offset * HASH : (offset + (1 << above)) * HASH])
    split = start + (1 << (count - 1).bit_length() - 1)
    return hashlib.sha256(b"\1" + root_of(tiles, start, split) + root_of(tiles, split, end)).digest()


def fits(tiles: dict[tuple[int, int], bytes], checkpoint: Checkpoint, size: int) -> bool:
    """Say whether a checkpoint is of the tree that the tiles of *size* entries hold."""
    return checkpoint.size <= size and root_of(tiles, 0, checkpoint.size) == checkpoint.root


def tiles_of(size: int) -> Iterator[tuple[int, int, int]]:
    """Yield level, index and width of every tile of a tree with *size* entries."""
    level, count = 0, size
    while count:
        full, rest = divmod(count, WIDTH)
        yield from ((level, index, WIDTH) for index in range(full))
        if rest:
            yield level, full, rest
        level, count = level + 1, full


def tile_path(level: int | str, index: int, width: int) -> str:
    """Return the path of a tile or entry bundle."""
    groups = [f"{index % 1000:03}"]
    while index := index // 1000:
        groups.append(f"x{index % 1000:03}")
    return f"tile/{level}/{'/'.join(reversed(groups))}" + ("" if width == WIDTH else f".p/{width}")


def check_checkpoint(data: bytes, name: str, policy: Policy, *, quorum: bool) -> Checkpoint:
    """Return a checkpoint that its log signed with a key of each kind and, if *quorum*, enough witnesses.

    No line may be of a key that the policy does not know: nobody could say what it is worth.
    """
    found = read_checkpoint(data, name)
    logs = [key for key in policy.logs if key.name == found.origin]
    known = [*logs, *policy.witnesses.values()]
    signed = verified(found, name, known)
    if {key.kind for key in logs} - {key.kind for key in signed.intersection(logs)}:
        raise Refuted("unsigned", file=name, signer=found.origin)
    if not logs or len(signed) != len(found.lines):
        raise Refuted("unsigned", file=name, signer=found.origin)
    if quorum and not policy.met(policy.quorum, signed):
        raise Refuted("quorum", file=name)
    return found


def verified(checkpoint: Checkpoint, name: str, keys: list[Key]) -> set[Key]:
    """Return which of *keys* have signed; a line of one of them that does not verify refutes the file."""
    by_line = {(key.name, key.id): key for key in keys}
    signed: set[Key] = set()
    for signer, key_id, signature in checkpoint.lines:
        key = by_line.get((signer, key_id))
        if key is None:
            continue
        if not holds(checkpoint, key, signature):
            raise Refuted("unsigned", file=name, signer=signer)
        signed.add(key)
    return signed


def holds(checkpoint: Checkpoint, key: Key, signature: bytes) -> bool:
    """Say whether one signature verifies. Source: signed-note; tlog-cosignature."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 -- the one package needed, named where it is

    stamp = b"" if key.kind == ED25519 else signature[:8]
    if key.kind == ED25519:
        message = checkpoint.text
    elif key.kind == ED25519_COSIGNATURE:
        message = b"cosignature/v1\ntime %d\n" % int.from_bytes(stamp, "big") + checkpoint.text
    else:
        cosigner, origin = key.name.encode(), checkpoint.origin.encode()
        message = b"subtree/v1\n\0" + bytes([len(cosigner)]) + cosigner + stamp
        message += bytes([len(origin)]) + origin + bytes(8) + checkpoint.size.to_bytes(8, "big") + checkpoint.root
    try:
        checker(key.kind, key.public)(signature[len(stamp) :], message)
    except (InvalidSignature, ValueError):
        return False
    return True


@lru_cache(maxsize=64)
def checker(kind: int, public: bytes) -> Callable[[bytes, bytes], None]:
    """Return what checks a signature (signature, message) with one key, raising if it does not verify."""
    from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa  # noqa: PLC0415 -- as above

    if kind == ML_DSA_44:
        return mldsa.MLDSA44PublicKey.from_public_bytes(public).verify
    return ed25519.Ed25519PublicKey.from_public_bytes(public).verify


def read_checkpoint(data: bytes, name: str) -> Checkpoint:
    """Read a signed checkpoint strictly; nothing is verified yet."""
    whole = decode(data, name)
    text, gap, tail = whole.rpartition("\n\n")
    if len(data) > MAX_NOTE or not gap or not tail.endswith("\n") or CONTROL.search(whole):
        raise Refuted("malformed", file=name, detail="not a note, or cut short")
    try:
        origin, size, root = text.split("\n")
        found = Checkpoint(origin, decimal(size), unbase64(root), f"{text}\n".encode(), [])
        for line in tail.removesuffix("\n").split("\n"):
            dash, signer, encoded = line.split(" ")
            raw = unbase64(encoded)
            if dash != "\u2014" or not signer or len(raw) <= KEY_ID:
                raise Refuted("malformed", file=name, detail="a signature line")
            found.lines.append((signer, raw[:KEY_ID], raw[KEY_ID:]))
    except ValueError as error:
        raise Refuted("malformed", file=name, detail=error) from error
    if (
        not origin
        or " " in origin
        or len(found.root) != HASH
        or len({line[:2] for line in found.lines}) != len(found.lines)
    ):
        raise Refuted("malformed", file=name, detail="origin, root or a line that stands twice")
    return found


def read_policy(data: bytes, name: str = "policy") -> Policy:
    """Read a policy file strictly."""
    policy = Policy()
    for number, line in enumerate(decode(data, name).split("\n"), start=1):
        words = line.split()
        if words and not words[0].startswith("#"):
            try:
                read_policy_line(words, policy)
            except (ValueError, IndexError) as error:
                raise Refuted("malformed", file=name, detail=f"line {number}: {error}") from error
    if not policy.quorum:
        raise Refuted("malformed", file=name, detail="no quorum line")
    return policy


def read_policy_line(words: list[str], policy: Policy) -> None:
    """Take one line; every name must have been defined above."""
    taken = {*policy.witnesses, *policy.groups, "none"}
    used = {member for _, members in policy.groups.values() for member in members}
    match words:
        case ["log", key, *rest] if len(rest) <= 1:
            policy.logs.append(read_key(key, LOG_KINDS))
        case ["witness", name, key, *rest] if len(rest) <= 1 and name not in taken:
            policy.witnesses[name] = read_key(key, WITNESS_KINDS)
        case ["group", name, count, *members] if name not in taken and not used & set(members):
            needed = {"any": 1, "all": len(members)}.get(count) or decimal(count)
            if len(set(members)) != len(members) or not set(members) <= taken - {"none"}:
                raise ValueError("members")
            if not 1 <= needed <= len(members):
                raise ValueError("count")
            policy.groups[name] = (needed, members)
        case ["quorum", name] if not policy.quorum and name in taken:
            policy.quorum = name
        case _:
            raise ValueError(" ".join(words)[:60])
    keys = [key.public for key in (*policy.logs, *policy.witnesses.values())]
    if len(set(keys)) != len(keys):
        raise ValueError("a key is listed twice")


def read_key(text: str, kinds: tuple[int, ...]) -> Key:
    """Read `<name>+<id>+<base64 of kind and key>`."""
    name, key_id, material = text.split("+", 2)
    raw = unbase64(material)
    key = Key(name, raw[0], raw[1:])
    if key.kind not in kinds or len(key.public) != KEY_BYTES[key.kind] or key.id.hex() != key_id or not name:
        raise ValueError(f"key of {name}")
    return key


def verify_receipt(data: bytes, policy: Policy) -> tuple[str, int, bytes]:
    """Check a receipt (`.tlog-proof`) and return origin, index and leaf."""
    head, gap, note = data.partition(b"\n\n")
    lines = decode(head, "receipt").split("\n")
    try:
        header, extra, place, *steps = lines
        leaf, path = unbase64(extra.removeprefix("extra ")), [unbase64(step) for step in steps]
        index = decimal(place.removeprefix("index "))
    except ValueError as error:
        raise Refuted("malformed", file="receipt", detail=error) from error
    if not gap or header != "c2sp.org/tlog-proof@v1" or not extra.startswith("extra ") or place[:6] != "index ":
        raise Refuted("malformed", file="receipt", detail="not of format c2sp.org/tlog-proof@v1")
    checkpoint = check_checkpoint(note, "receipt", policy, quorum=True)
    if climb(hashlib.sha256(b"\0" + leaf).digest(), index, checkpoint.size, path) != checkpoint.root:
        raise Refuted("no-inclusion")
    return checkpoint.origin, index, leaf


def climb(hashed: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """Return the root that *path* leads to, or nothing if it cannot belong there. Source: RFC 9162, 2.1.3.2."""
    if not 0 <= index < size or any(len(step) != HASH for step in path):
        return b""
    at, last = index, size - 1
    for step in path:
        if last == 0:
            return b""
        if at & 1 or at == last:
            hashed = hashlib.sha256(b"\1" + step + hashed).digest()
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            hashed = hashlib.sha256(b"\1" + hashed + step).digest()
        at, last = at >> 1, last >> 1
    return hashed if last == 0 else b""


def find_entry(place: Path, entry: bytes) -> int:
    """Return the place of a disclosed entry (its exact JSON) in the export.

    The leaf holds SHA-256 over the entry's salt and its JSON: whoever has the entry can find it,
    whoever has only the ledger cannot guess it.
    """
    files = Files(place)
    try:
        salt = bytes.fromhex(json.loads(entry)["salt"])
    except (ValueError, KeyError, TypeError) as error:
        raise Refuted("malformed", file="entry", detail=error) from error
    digest = hashlib.sha256(salt + entry).hexdigest().encode()
    size = read_checkpoint(files.read("checkpoint"), "checkpoint").size
    for level, index, width in tiles_of(size):
        bundle = files.read(tile_path("entries", index, width)) if level == 0 else b""
        at = 0
        for offset in range(width if bundle else 0):
            end = at + 2 + int.from_bytes(bundle[at : at + 2], "big")
            if bundle[at:end].endswith(b"\n" + digest + b"\n"):
                return index * WIDTH + offset
            at = end
    raise Refuted("no-entry")


def read_file(path: Path) -> bytes:
    """Return the bytes of a file that was named on the command line."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise Refuted("missing", file=path) from error


def decode(data: bytes, name: str) -> str:
    """Return text, or refuse what is not UTF-8."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise Refuted("malformed", file=name, detail="not UTF-8") from error


def unbase64(text: str) -> bytes:
    """Read base64 in its one canonical spelling."""
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("base64") from error
    if base64.b64encode(raw).decode() != text:
        raise ValueError("base64")
    return raw


def decimal(text: str) -> int:
    """Read a number below 2^63 without sign or leading zeroes."""
    if not re.fullmatch("0|[1-9][0-9]{0,18}", text) or int(text) >= 1 << 63:
        raise ValueError(f"number {text[:30]!r}")
    return int(text)


def main(arguments: list[str] | None = None) -> int:
    """Run as a program: 0 when everything holds, 1 when something was refused."""
    parser = argparse.ArgumentParser(description="Verify an exported Ayni ledger, offline.")
    parser.add_argument("export", type=Path, help="folder or zip file")
    parser.add_argument("--policy", type=Path, help="log keys, witness keys and quorum, from a source you trust")
    parser.add_argument("--entry", type=Path, help="JSON of an entry disclosed to you: say where it stands")
    parser.add_argument("--receipt", type=Path, help="a .tlog-proof file to check against the same policy")
    parser.add_argument("--lang", choices=("en", "es", "pt", "fr"), default="en")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of sentences")
    chosen = parser.parse_args(arguments)
    try:
        said, facts = run(chosen)
    except Refuted as refuted:
        if chosen.json:
            print(json.dumps({"holds": False, "about": refuted.about, "facts": refuted.facts}, default=str))  # noqa: T201 -- a program prints
        print(say("refused", chosen.lang, why=refuted.says(chosen.lang)), file=sys.stderr)  # noqa: T201 -- as above
        return 1
    print(json.dumps({"holds": True, **facts}) if chosen.json else "\n".join(said))  # noqa: T201 -- as above
    return 0


def run(chosen: argparse.Namespace) -> tuple[list[str], dict[str, object]]:
    """Do what was asked; return sentences, and facts for programs."""
    policy = read_file(chosen.policy) if chosen.policy else None
    verdict = verify_export(chosen.export, policy)
    facts: dict[str, object] = dict(vars(verdict))
    said = [say("whole", chosen.lang, **facts)]
    if verdict.witnesses:
        said.append(say("witnessed", chosen.lang, witnesses=", ".join(verdict.witnesses)))
    if verdict.own_keys:
        said.append(say("own-keys", chosen.lang))
        said += [f"  {name}: {print_}" for name, print_ in verdict.fingerprints.items()]
    if chosen.entry:
        facts["entry"] = find_entry(chosen.export, read_file(chosen.entry))
        said.append(say("entry-found", chosen.lang, index=facts["entry"]))
    if chosen.receipt:
        trusted = read_policy(policy if policy is not None else Files(chosen.export).read("policy"))
        origin, index, _ = verify_receipt(read_file(chosen.receipt), trusted)
        facts["receipt"] = index
        said.append(say("receipt-holds", chosen.lang, origin=origin, index=index))
    return said, facts


if __name__ == "__main__":
    sys.exit(main())
