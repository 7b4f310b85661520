"""What a key may be called, and which secrets are too easy to guess for an administrator."""

import re
import unicodedata

# Who acts where no key does: the console's sign-in links, the first fleet, the timers, a signed handset, the command
# line, the service's own administrator. A key of that name would be taken for one of them in the journal.
CONSOLE, BOOTSTRAP = "consola", "bootstrap"
RESERVED = frozenset({BOOTSTRAP, CONSOLE, "seed", "timers", "handset", "command line"})
DEMO_PREFIX = "demo@"
MOST_NAME_CHARS = 100

LEAST_CHARS, MOST_CHARS = 24, 200
LEAST_DIFFERENT = 10
# Words of examples and templates, without what stands between their letters.
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
    """What is wrong with the name of a new key; None if nothing is."""
    if not name.strip() or len(name) > MOST_NAME_CHARS:
        return f"a key's name has 1 to {MOST_NAME_CHARS} characters"
    if any(unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for sign in name):
        return "a key's name holds no signs that nobody sees"
    plain = " ".join(unicodedata.normalize("NFKC", name).casefold().split())
    if plain in RESERVED or plain.startswith(DEMO_PREFIX):
        return f"{name!r} is what the service itself is called in the journal; take another name"
    return None


def weakness(secret: str) -> str | None:
    """Why a secret is refused for an administrator's key; None if it may be one.

    It can't tell chance from habit: it knows what is short, what is a template, and what repeats."""
    if len(secret) < LEAST_CHARS:
        return f"it has {len(secret)} characters, and must have at least {LEAST_CHARS}"
    if len(secret) > MOST_CHARS:
        return f"it has {len(secret)} characters, and may have at most {MOST_CHARS}"
    letters = re.sub(r"[\W_]", "", secret.casefold())
    if secret[0] in "<{$%" or any(word in letters for word in TEMPLATES):
        return "it is the text of a template"
    if len(set(secret)) < LEAST_DIFFERENT or secret in (secret + secret)[1:-1] or any(run in letters for run in RUNS):
        return "it repeats itself, or counts"
    return None
