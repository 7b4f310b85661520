"""Two messages of one phone meet; messages of two phones never do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.model.phone import e164, imei, imsi, same_phone
from dispatch.model.report import Caller


@pytest.mark.parametrize(
    "written",
    [
        "0991234567",
        "099 123 4567",
        "991234567",
        "593991234567",
        "+593 99-123-4567",
        "+593 (0)99 123 4567",
        "+5930991234567",
        "00593991234567",
        "tel:+593-99-123-4567;phone-context=ec",
        "sip:+593991234567@example.ec",
    ],
)
def test_a_mobile_number_however_written(written: str) -> None:
    assert e164(written) == "+593991234567"


def test_a_fixed_line_and_its_local_form() -> None:
    assert e164("(02) 256-7890") == e164("2567890") == e164("+59322567890") == "+59322567890"
    assert e164("2567890", area="4") == "+59342567890"


def test_a_foreign_number_needs_its_plus() -> None:
    assert e164("+44 7712 345678") == "+447712345678"
    assert e164("7712345678") is None


@pytest.mark.parametrize(
    "nobody",
    [None, "", "911", "anonymous", "0000000000", "0999999999", "+593", "+593123", "+" + "1" * 16, "+0123456789"],
)
def test_what_is_nobodys_number(nobody: str | None) -> None:
    assert e164(nobody) is None


def test_an_imei_has_one_form_whatever_its_last_digit() -> None:
    forms = ["490154203237518", "490154203237510", "49015420323751", "4901542032375101", "49-015420-323751-8"]
    assert {imei(form) for form in forms} == {"490154203237518"}


@pytest.mark.parametrize(
    "empty",
    [
        None,
        "",
        "0",
        "000000000000000",
        "490154200000000",
        "490154203230000",
        "49015420",
        "111111111111111",
        "49015420323751X",
    ],
)
def test_a_hidden_imei_is_none(empty: str | None) -> None:
    assert imei(empty) is None


@pytest.mark.parametrize(
    "empty",
    [
        None,
        "",
        "000000000000000",
        "740010000000000",
        "740011234560000",
        "74001",
        "740011234567890123",
        "040011234567891",
    ],
)
def test_a_hidden_imsi_is_none(empty: str | None) -> None:
    assert imsi(empty) is None


def test_one_phone() -> None:
    sms = Caller(number="0991234567")
    https = Caller(number="+593991234567", imei="490154203237518")
    voice = Caller(number="+593987654321", imei="490154203237510")
    assert same_phone(sms, https)
    assert same_phone(https, voice)
    assert not same_phone(sms, voice)
    assert same_phone(Caller(imsi="740011234567891"), Caller(imsi="740011234567891"))


def test_two_phones_that_hide_who_they_are() -> None:
    hidden = Caller(number="anonymous", imei="490154200000000", imsi="740010000000000")
    assert not same_phone(hidden, hidden)
    assert not same_phone(Caller(), Caller())


@given(st.text(), st.text(), st.text())
def test_no_text_breaks_it_and_the_form_is_stable(number: str, device: str, subscriber: str) -> None:
    for rule, value in ((e164, number), (imei, device), (imsi, subscriber)):
        form = rule(value)
        assert form is None or rule(form) == form


@given(st.from_regex(r"\+?[0-9 ()\-]{0,18}", fullmatch=True))
def test_a_number_in_its_form_stays_in_it(number: str) -> None:
    form = e164(number)
    assert form is None or e164(form) == form


def test_digits_of_other_scripts_are_digits() -> None:
    assert e164("٠٩٩١١١٠٠٠٢") == e164("０９９１１１０００２") == "+593991110002"
