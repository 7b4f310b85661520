"""Names of keys, and secrets that are too easy to guess for an administrator."""

import re
import unicodedata

# The names of actors without a key: the console's sign-in links, the first fleet, the timers, a signed handset, the
# command line, the service's own administrator. In the journal a key with such a name could be taken for them.
CONSOLE, BOOTSTRAP = "consola", "bootstrap"
RESERVED = frozenset({BOOTSTRAP, CONSOLE, "seed", "timers", "handset", "command line"})
DEMO_PREFIX = "demo@"
MOST_NAME_CHARS = 100

LEAST_CHARS, MOST_CHARS = 24, 200
LEAST_DIFFERENT = 10
# Words of examples and templates, compared without the characters between letters.
TEMPLATES = (
    *("changeme", "changethis", "changeit", "replaceme", "replacethis", "placeholder", "example", "template"),
    *(
        "yourkey",
        "yoursecret",
        "password",
        "passphrase",
        "contrasena",
        "cambiame",
        "secret",
        "openssl",
        "setit",
        "todo",
    ),
    *("qwerty", "letmein", "adminadmin", "administrator123"),
)
RUNS = ("abcdefghijkl", "0123456789", "1234567890", "9876543210")


def key_name_fault(name: str) -> str | None:
    """The problem with the name of a new key; None if there is none."""
    if not name.strip() or len(name) > MOST_NAME_CHARS:
        return f"a key's name must have 1 to {MOST_NAME_CHARS} characters"
    if any(unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for sign in name):
        return "a key's name must not contain invisible characters"
    plain = " ".join(unicodedata.normalize("NFKC", name).casefold().split())
    if plain in RESERVED or plain.startswith(DEMO_PREFIX):
        return f"{name!r} is a name that the service uses for itself in the journal; choose another"
    return None


def weakness(secret: str) -> str | None:
    """Why a secret is refused for an administrator's key; None if it is accepted.

    It can't detect all weak secrets, only short ones, placeholders, repetitions and sequences."""
    if len(secret) < LEAST_CHARS:
        return f"it has {len(secret)} characters; the minimum is {LEAST_CHARS}"
    if len(secret) > MOST_CHARS:
        return f"it has {len(secret)} characters; the maximum is {MOST_CHARS}"
    letters = re.sub(r"[\W_]", "", secret.casefold())
    if secret[0] in "<{$%" or any(word in letters for word in TEMPLATES):
        return "it is a placeholder from a template"
    if len(set(secret)) < LEAST_DIFFERENT or secret in (secret + secret)[1:-1] or any(run in letters for run in RUNS):
        return "it is a repetition or a sequence"
    return None
