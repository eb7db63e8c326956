import pytest

from auditor.logs.monitors import apps
from auditor.opening import catalogue
from auditor.read.codes import APPS


def test_every_protocol_is_one_of_the_flow_table() -> None:
    named = {*apps.PROTOCOLS.values(), *apps.APP_IDS.values(), *apps.SAME}
    assert named <= {*APPS} - {"other"}


def test_every_service_is_in_the_catalogue() -> None:
    assert {*apps.SERVICES.values()} <= {*catalogue(()).titles}


@pytest.mark.parametrize(
    ("app", "expected"),
    [
        ("zoom-meeting", ("", "zoom")), ("zoom", ("", "zoom")), ("zoominfo", ("", "")), ("ssl", ("tls", "")),
        ("ms-teams-audio-video", ("", "microsoft-teams")), ("SIP", ("sip", "")), ("google-base", ("", "")),
        ("", ("", "")),
        ("web-browsing", ("http", "")), ("signal-base", ("", "signal")),
    ],
)  # fmt: skip
def test_app_ids(app: str, expected: tuple[str, str]) -> None:
    assert apps.of_app_id(app) == expected


def test_names_of_junos_and_suricata() -> None:
    assert apps.of_junos("UNKNOWN", "SSL") == "tls"
    assert apps.of_junos("", "ZOOM") == ""
    assert apps.of_suricata("failed") == ""
    assert apps.of_suricata("tls", "udp") == "dtls"
