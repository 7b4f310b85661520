"""The names that AML HTTPS knows."""

from geo import Source

SOURCES = {
    "gps": Source.GNSS,
    "gnss": Source.GNSS,
    "wifi": Source.WIFI,
    "wi-fi": Source.WIFI,
    "cell": Source.CELL,
    "unknown": Source.UNKNOWN,
    "none": Source.UNKNOWN,
}

KNOWN = frozenset(
    {
        "v",
        "emergency_number",
        "source",
        "thunderbird_version",
        "time",
        "location_latitude",
        "location_longitude",
        "location_time",
        "location_altitude",
        "location_altitude_msl",
        "location_floor",
        "location_source",
        "location_accuracy",
        "location_vertical_accuracy",
        "location_confidence",
        "location_certainty",
        "location_bearing",
        "location_speed",
        "device_number",
        "device_model",
        "device_imsi",
        "device_imei",
        "device_iccid",
        "device_languages",
        "cell_id",
        "cell_home_mcc",
        "cell_home_mnc",
        "cell_network_mcc",
        "cell_network_mnc",
        "cell_carrier",
        "hmac",
    }
)
