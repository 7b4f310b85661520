"""Links that map programs share."""

import pytest

from dispatch.intake.places import find
from dispatch.intake.places.map_links.short_codes import ge0, geohash, osm
from dispatch.intake.places.written import Written
from geo import Source
from tests.dispatch.intake.places.quito import AREA, is_at, only

LINKS = [
    "https://plus.codes/67F3RG88+J7",
    "https://plus.codes/RG88+J7,Quito",
    "https://www.google.com/maps/place/RG88%2BJ7+Quito/",
    "https://maps.google.com/?q=RG88%2BJ7%20Quito",
    "https://maps.google.com/?q=67F3RG88%2BJ7",
    "https://maps.google.com/?q=67F3RG88+J7",
    "https://www.google.com/maps/search/?api=1&query=RG88%2BJ7+Quito",
    "https://maps.google.com/?ll=-0.1834,-78.4843&z=16",
    "https://maps.google.com/maps?daddr=-0.1834,-78.4843&saddr=-0.2,-78.5",
    "https://www.google.com/maps/dir//-0.1834,-78.4843/@-0.2,-78.5,15z",
    "https://www.google.com/maps/dir/-0.2,-78.5/-0.1834,-78.4843/",
    "https://www.google.com/maps/dir/Casa/Parque/@-0.2,-78.5,15z/data=!4m13!4m12!1m5!1m1!1s0x0:0x0!2m2!1d-78.5!2d-0.2!1m5!1m1!1s0x0!2m2!1d-78.4843!2d-0.1834",
    "https://maps.googleapis.com/maps/api/staticmap?center=-0.2,-78.5&markers=color:red%7Clabel:A%7C-0.1834,-78.4843",
    "comgooglemaps://?q=-0.1834,-78.4843&center=-0.2,-78.5",
    "https://consent.google.com/ml?continue=https://maps.google.com/?q%3D-0.1834,-78.4843&gl=EC",
    "https://www.google.com/url?q=https%3A%2F%2Fmaps.google.com%2F%3Fq%3D-0.1834%252C-78.4843&sa=D",
    "https://l.facebook.com/l.php?u=https%3A%2F%2Fwww.bing.com%2Fmaps%2Fdefault.aspx%3Fv%3D2%26pc%3DFACEBK%26mid%3D8100%26where1%3D-0.1834%252C%2B-78.4843%26FORM%3DFBKPL1",
    "https://maps.apple.com/?ll=-0.1834,-78.4843&q=Mi%20casa",
    "https://maps.apple.com/?daddr=-0.1834,-78.4843",
    "https://maps.apple.com/place?ll=-0.1834,-78.4843",
    "https://www.waze.com/ul?ll=-0.1834%2C-78.4843&navigate=yes",
    "https://ul.waze.com/ul?venue_id=1&ll=-0.1834%2C-78.4843",
    "https://www.waze.com/es/live-map/directions?latlng=-0.1834%2C-78.4843",
    "waze://?ll=-0.1834,-78.4843&navigate=yes",
    "https://www.openstreetmap.org/?mlat=-0.1834&mlon=-78.4843#map=17/-0.19/-78.47",
    "https://www.openstreetmap.org/directions?to=-0.1834%2C-78.4843",
    "https://www.openstreetmap.org/search?query=-0.1834%2C%20-78.4843",
    "https://www.openstreetmap.org/export/embed.html?bbox=-78.49%2C-0.19%2C-78.47%2C-0.17&layer=mapnik&marker=-0.1834%2C-78.4843",
    "https://osmand.net/go?lat=-0.1834&lon=-78.4843&z=17",
    "https://osmand.net/map/?pin=-0.1834,-78.4843#15/-0.2/-78.5",
    "https://omaps.app/map?v=1&ll=-0.1834,-78.4843&n=Casa",
    "om://map?v=1&ll=-0.1834,-78.4843&n=Casa",
    "https://omaps.app/-0.1834,-78.4843/Casa",
    "https://bing.com/maps/default.aspx?sp=point.-0.1834_-78.4843_Casa",
    "https://www.bing.com/maps?rtp=pos.-0.2_-78.5~pos.-0.1834_-78.4843",
    "https://share.here.com/l/-0.1834,-78.4843,Casa?z=16",
    "https://wego.here.com/directions/mix//Casa:-0.1834,-78.4843",
    "https://share.here.com/p/s-bGF0PS0wLjE4MzQ7bG9uPS03OC40ODQzO249Q2FzYQ",
    "https://yandex.com/maps/?ll=-78.5,-0.2&pt=-78.4843,-0.1834&z=17",
    "https://yandex.ru/maps/?whatshere[point]=-78.4843,-0.1834&whatshere[zoom]=17",
    "https://yandex.ru/maps/?rtext=-0.2,-78.5~-0.1834,-78.4843&rtt=auto",
    "yandexnavi://build_route_on_map?lat_to=-0.1834&lon_to=-78.4843",
    "https://2gis.com/geo/-78.4843,-0.1834",
    "https://citymapper.com/directions?endcoord=-0.1834,-78.4843&endname=Casa",
    "citymapper://directions?endcoord=-0.1834%2C-78.4843",
    "https://m.uber.com/ul/?action=setPickup&pickup=my_location&dropoff[latitude]=-0.1834&dropoff[longitude]=-78.4843",
    "https://m.uber.com/ul/?action=setPickup&dropoff%5Blatitude%5D=-0.1834&dropoff%5Blongitude%5D=-78.4843",
    "https://m.uber.com/looking?drop[0]=%7B%22latitude%22%3A-0.1834%2C%22longitude%22%3A-78.4843%7D",
    "https://wa.me/593991234567?text=https%3A%2F%2Fmaps.google.com%2F%3Fq%3D-0.1834%2C-78.4843",
    "https://api.whatsapp.com/send?text=Estoy%20en%20-0.1834,-78.4843",
    "https://mapy.com/zakladni?x=-78.4843&y=-0.1834&z=17",
    "https://www.petalmaps.com/place/?marker=-0.1834,-78.4843",
    "https://maps.google.com/?q=-0,1834,-78,4843",
    "https://maps.google.com/?q=-0.1834%252C-78.4843",
    "https://maps.google.com/?q=loc:-0.1834+-78.4843",
    "https://maps.google.com/?q=-0.1834 ,-78.4843",
    "https://maps.google.com/?q= -0.1834,-78.4843",
    "https:// maps.google.com/?q=-0.1834,-78.4843",
    "https://maps.google.com/?q=-0.1834,-78.4843(Mi+casa)",
    "https://maps.google.com/?q=Mi+casa@-0.1834,-78.4843",
    "https://maps.google.com/maps?q=-0.1834,%20-78.4843&amp;amp;z=17",
    "google.navigation:q=-0.1834,-78.4843",
    "<https://maps.google.com/?q=-0.1834,-78.4843>",
    "[mapa](https://maps.google.com/?q=-0.1834,-78.4843)",
    "https://waze.com/ul/h6rbnyn97x7",
]


@pytest.mark.parametrize("link", LINKS)
def test_the_place_that_a_link_points_to(link: str) -> None:
    assert is_at(only(f"Estoy aquí: {link}"))


VIEWS = [
    "https://www.google.com/maps/@?api=1&map_action=map&center=-0.1834%2C-78.4843",
    "https://www.google.com/maps/@?api=1&map_action=pano&viewpoint=-0.1834,-78.4843",
    "https://maps.apple.com/frame?center=-0.1834%2C-78.4843",
    "https://maps.apple.com/?sll=-0.1834,-78.4843&q=cafe",
    "https://www.openstreetmap.org/#map=19/-0.1834/-78.4843",
    "https://www.openstreetmap.org/note/new#map=19/-0.1834/-78.4843",
    "https://www.bing.com/maps?cp=-0.1834~-78.4843&lvl=16",
    "https://wego.here.com/?map=-0.1834,-78.4843,16,normal",
    "https://yandex.com/maps/?ll=-78.4843%2C-0.1834&z=17",
]


@pytest.mark.parametrize("link", VIEWS)
def test_the_middle_of_a_view_is_a_weak_word(link: str) -> None:
    fixes, flaws = find(link, AREA)
    assert [(is_at(fix), fix.source) for fix in fixes] == [(True, Source.UNKNOWN)]
    assert "middle of its view" in flaws[0]


GEO_URIS = [
    "geo:-0,1834,-78,4843",
    "GEO:-0.1834,-78.4843,2850;u=20",
    "geo:-0.1834%2C-78.4843",
    "geo:-0.1834,-78.4843?z=17",
    "geo:-0.1834,%20-78.4843",
    "geo:-0.1834, -78.4843",
    "geo:0,0?q=-0.1834%2C-78.4843(Casa)",
    "geo:0,0?q=RG88%2BJ7+Quito",
    "osmand.geo:-0.1834,-78.4843",
    "geo:-1.834E-1,-7.84843E1",
]


@pytest.mark.parametrize("uri", GEO_URIS)
def test_geo_uris(uri: str) -> None:
    fixes, _ = find(uri, AREA)
    assert [is_at(fix) for fix in fixes] == [True]


@pytest.mark.parametrize(
    "link",
    [
        "https://w3w.co/filled.count.soap",
        "https://what3words.com/filled.count.soap",
        "///filled.count.soap",
        "https://citymapper.com/go/xyz",
        "https://citymapper.com/trip/T123",
        "https://m.uber.com/looking?state=abc",
        "https://trip.uber.com/abc",
        "https://www.google.com/maps?cid=123456",
        "https://www.google.com/maps/place/Parque+La+Carolina/",
        "https://www.openstreetmap.org/node/123",
        "https://omaps.app/",
        "https://wa.me/593991234567",
        "https://maps.app.goo.gl/AbCdEf12",
        "https://maps.apple/p/AbC",
        "https://yandex.com/maps/-/CDabc",
        "https://her.is/abc",
        "https://plus.codes/map",
        "https://share.garmin.com/abc",
        "https://www.bing.com/maps?osid=1234",
    ],
)
def test_a_link_to_a_map_never_passes_in_silence(link: str) -> None:
    fixes, flaws = find(link, AREA)
    assert fixes == ()
    assert "open it by hand" in flaws[0]


@pytest.mark.parametrize(
    "written",
    [
        "https://maps.google.com/?q=N34+120",
        "https://maps.google.com/?q=Calle+10+y+Carrera+20,+Quito",
        "https://maps.google.com/?q=34,120",
        "https://maps.apple.com/?address=N34-120+y+E7-12",
        "https://waze.com/ul?q=Calle%2012%2C%2034",
        "geo:0,0?q=Calle+12,+34",
        "geo:0,0?q=Hospital+Eugenio+Espejo",
        "geo:0,0?q=N34+120",
        "https://example.ec/?page=2&q=humo",
        "https://example.ec/12,34/",
    ],
)
def test_the_numbers_of_an_address_are_no_coordinates(written: str) -> None:
    assert find(written, AREA) == ((), ())


def test_an_address_in_a_place_link_is_none_either() -> None:
    assert find("https://www.google.com/maps/place/N34+120/", AREA)[0] == ()


def test_guesses_in_links_are_told() -> None:
    for link in (
        "https://maps.google.com/?q=-78.4843,-0.1834",
        "geo:-78.4843,-0.1834",
        "https://x.ec/?lat=-0.1834&lon=78.4843",
    ):
        fixes, flaws = find(link, AREA)
        assert is_at(fixes[0])
        assert "leído como" in flaws[0]
    fixes, flaws = find("https://maps.google.com/?q=0.1834,78.4843", AREA)
    assert fixes == ()
    assert "pregunte cuál" in flaws[0]


def test_a_link_far_away_is_told() -> None:
    fixes, flaws = find("https://maps.google.com/?q=48.198634,16.371648", AREA)
    assert fixes == ()
    assert "está lejos de Quito" in flaws[0]


def test_published_short_codes() -> None:
    # ezs42 → 42.605, -5.603; ge0 and osm.org codes by their own published algorithms.
    hashed, organic, street = geohash("ezs42"), ge0("ItdwBgeWW1"), osm("0EEQjE--", is_pin=True)
    assert hashed is not None and is_fix(hashed, (42.605, -5.603), 0.03)
    assert organic is not None and is_fix(organic, (52.0554, -2.7152), 1e-3)
    assert street is not None and is_fix(street, (51.5108, 0.0549), 5e-3)


def is_fix(written: Written, place: tuple[float, float], within: float) -> bool:
    point = written.stated[0].point
    return (point.lat, point.lon) == pytest.approx(place, abs=within)
