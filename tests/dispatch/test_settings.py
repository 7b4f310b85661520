from pathlib import Path

import pytest

from dispatch.settings import Settings


def test_flags_win_over_variables_which_win_over_defaults() -> None:
    env = {"DISPATCH_PORT": "9000", "DISPATCH_HOST": "::1", "DISPATCH_DEMO": "no", "DISPATCH_STATE": "/srv/x"}
    settings = Settings.from_env(env, port=9001, host=None)
    assert (settings.port, settings.host, settings.demo, settings.state) == (9001, "::1", False, Path("/srv/x"))
    assert Settings.from_env({}).port == 8000


@pytest.mark.parametrize(("name", "text"), [("DISPATCH_PORT", "high"), ("DISPATCH_DEMO", "perhaps")])
def test_a_value_that_cant_be_read_is_named(name: str, text: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must be .* not '{text}'"):
        Settings.from_env({name: text})


def test_secrets_are_not_shown() -> None:
    settings = Settings(bootstrap_key="s3cret", database_url="postgresql://u:s3cret@h/d", sign_in_code="s3cret")
    assert "s3cret" not in repr(settings)
