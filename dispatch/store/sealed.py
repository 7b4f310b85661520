"""Encrypted files in the format of age (age-encryption.org/v1, X25519 recipients, STREAM of ChaCha20-Poly1305):
processed in pieces; a byte that was changed, added or removed is detected. `age` reads them too."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from dispatch.errors import DispatchError

HEADER = b"age-encryption.org/v1\n"
PUBLIC, SECRET = "age1", "AGE-SECRET-KEY-"
# age encrypts key files with a passphrase, which is asked for on a terminal.
LOCKED = "is encrypted itself; decrypt it first (age -d)"


class SealError(DispatchError):
    """A key that can't be used, or a file that a key doesn't decrypt."""


def is_sealed(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(len(HEADER)) == HEADER


def make_identity(file: Path) -> str:
    """A new key pair: the secret key into `file`, 0600, as `age-keygen` does; returns the public key.

    Raises SealError if the file exists already."""
    from pyrage import x25519

    identity = x25519.Identity.generate()
    public = str(identity.to_public())
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise SealError(f"{file} can't be made: {error.strerror}") from error
    with os.fdopen(handle, "w") as opened:
        opened.write(f"# public key: {public}\n{identity}\n")
        opened.flush()
        os.fsync(opened.fileno())
    return public


def recipients(given: Sequence[str]) -> list[Any]:
    """Public keys, or files with one on each line. Raises SealError, which contains no secret key."""
    from pyrage import RecipientError, x25519

    found = []
    for text in given:
        if text.upper().startswith(SECRET):
            raise SealError(
                "this is a secret key, which must not be given on a command line; give the public key (age1…)"
            )
        for key in [text] if text.startswith(PUBLIC) else _lines(Path(text)):
            try:
                found.append(x25519.Recipient.from_str(key))
            except RecipientError as error:
                where = "the key" if key == text else f"a line of {text}"
                raise SealError(f"{where} is not a public age key (age1…)") from error
    return found


def identities(file: Path) -> list[Any]:
    """The secret keys in a file, one on each line. Raises SealError, which contains none of them."""
    from pyrage import IdentityError, x25519

    try:
        return [x25519.Identity.from_str(line) for line in _lines(file)]
    except IdentityError as error:
        raise SealError(f"a line of {file} is not a secret age key ({SECRET}…)") from error


def seal(plain: IO[bytes], into: IO[bytes], *, to: Sequence[Any]) -> None:
    """Encrypt all of `plain`, in constant memory. Raises OSError."""
    import pyrage

    pyrage.encrypt_io(plain, into, to)


def unseal(file: Path, into: Any, *, by: Sequence[Any]) -> None:
    """Decrypt into something with `write`: what was written is authentic, but complete only when this returns.

    Raises SealError; BrokenPipeError if `into` is closed."""
    import pyrage

    try:
        with file.open("rb") as opened:
            pyrage.decrypt_io(opened, into, by)
    except BrokenPipeError:
        raise
    except pyrage.DecryptError as error:
        raise SealError(f"{file} can't be decrypted with this key, or its header is damaged") from error
    except OSError as error:
        raise SealError(f"{file} is damaged: it was modified, extended or cut off") from error


def check(file: Path, *, by: Sequence[Any]) -> None:
    """Read and verify all of it, discarding the content. Raises SealError if it isn't complete."""
    unseal(file, _Nowhere(), by=by)


class _Nowhere:
    def write(self, piece: bytes) -> int:
        return len(piece)

    def flush(self) -> None:
        pass


def _lines(file: Path) -> list[str]:
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise SealError(f"{file} can't be read: {error.strerror}") from error
    if raw.startswith((HEADER, b"-----BEGIN AGE ENCRYPTED FILE-----")):
        raise SealError(f"{file} {LOCKED}")
    lines = [line.strip() for line in raw.decode("utf-8", "replace").splitlines()]
    keys = [line for line in lines if line and not line.startswith("#")]
    if not keys:
        raise SealError(f"{file} contains no key")
    return keys
