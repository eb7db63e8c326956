"""Two letters that are no country of ISO 3166-1, though they look like one: what kind of code it is, and what is meant.

After the decoding table of the ISO 3166 Maintenance Agency (iso.org/obp, ISO 3166-1 clauses 7.5 and 8.1) and the former
names of ISO 3166-3.  Databases, registries and people use such codes, and each of them in a rule would be a place that
nothing is ever found in.
"""

from typing import Final

from auditor.model import countries

_EXCEPTIONALLY: Final = {
    "AC": ("Ascension Island", "SH"),
    "CP": ("Clipperton Island", "FR"),
    "CQ": ("Sark", "GG"),
    "DG": ("Diego Garcia", "IO"),
    "EA": ("Ceuta and Melilla", "ES"),
    "EU": ("the European Union", ""),
    "EZ": ("the euro area", ""),
    "FX": ("metropolitan France", "FR"),
    "IC": ("the Canary Islands", "ES"),
    "SU": ("the Soviet Union", "RU"),
    "TA": ("Tristan da Cunha", "SH"),
    "UK": ("the United Kingdom", "GB"),
    "UN": ("the United Nations", ""),
}
_TRANSITIONALLY: Final = {
    "AN": ("the Netherlands Antilles", "BQ CW SX"),
    "BU": ("Burma", "MM"),
    "CS": ("Serbia and Montenegro", "ME RS"),
    "NT": ("the Neutral Zone", "IQ SA"),
    "TP": ("East Timor", "TL"),
    "YU": ("Yugoslavia", "ME RS"),
    "ZR": ("Zaire", "CD"),
}
_INDETERMINATELY: Final = {
    "DY": ("Benin", "BJ"),
    "EW": ("Estonia", "EE"),
    "FL": ("Liechtenstein", "LI"),
    "JA": ("Jamaica", "JM"),
    "LF": ("Libya Fezzan", "LY"),
    "PI": ("the Philippines", "PH"),
    "RA": ("Argentina", "AR"),
    "RB": ("Bolivia or Botswana", "BO BW"),
    "RC": ("China", "CN"),
    "RH": ("Haiti", "HT"),
    "RI": ("Indonesia", "ID"),
    "RL": ("Lebanon", "LB"),
    "RM": ("Madagascar", "MG"),
    "RN": ("Niger", "NE"),
    "RP": ("the Philippines", "PH"),
    "SF": ("Finland", "FI"),
    "WG": ("Grenada", "GD"),
    "WL": ("Saint Lucia", "LC"),
    "WV": ("Saint Vincent", "VC"),
    "YV": ("Venezuela", "VE"),
}
_OFFICES: Final = {
    "AP": "the African Regional Intellectual Property Organization, and `Asia/Pacific` in location databases",
    "BX": "the Benelux Office for Intellectual Property",
    "EF": "the Community Patent Convention",
    "EM": "the European Union Intellectual Property Office",
    "EP": "the European Patent Office",
    "EV": "the Eurasian Patent Organization",
    "GC": "the Patent Office of the Gulf Cooperation Council",
    "IB": "the International Bureau of WIPO",
    "OA": "the African Intellectual Property Organization",
    "WO": "the World Intellectual Property Organization",
}
_FORMERLY: Final = {
    "CT": ("Canton and Enderbury Islands", "KI"),
    "DD": ("the German Democratic Republic", "DE"),
    "FQ": ("the French Southern and Antarctic Territories", "AQ TF"),
    "HV": ("Upper Volta", "BF"),
    "JT": ("Johnston Island", "UM"),
    "MI": ("the Midway Islands", "UM"),
    "NH": ("the New Hebrides", "VU"),
    "NQ": ("Dronning Maud Land", "AQ"),
    "PC": ("the Pacific Islands Trust Territory", "FM MH MP PW"),
    "PU": ("the United States Miscellaneous Pacific Islands", "UM"),
    "PZ": ("the Panama Canal Zone", "PA"),
    "VD": ("the Democratic Republic of Viet-Nam", "VN"),
    "WK": ("Wake Island", "UM"),
    "YD": ("Democratic Yemen", "YE"),
}
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_USERS: Final = frozenset({"AA", "ZZ", *(f"Q{each}" for each in _LETTERS[12:]), *(f"X{each}" for each in _LETTERS)})
_USED: Final = {
    "QU": ("the European Union, in CLDR once", ""),
    "XI": ("Northern Ireland, in customs and tax", "GB"),
    "XX": ("an unknown place, in many databases", ""),
    "ZZ": ("an unknown place, in CLDR and by registries", ""),
}
_KINDS: Final = (
    ("exceptionally reserved", _EXCEPTIONALLY),
    ("transitionally reserved", _TRANSITIONALLY),
    ("indeterminately reserved", _INDETERMINATELY),
    ("no longer used", _FORMERLY),
)
_GROUPS: Final = {"EU": "eu", "EEA": "eea"}
_ELSEWHERE: Final = {  # codes of other lists, and common slips
    "EL": ("Greece, with the European Commission", "GR"),
    "EN": ("a language", "GB"),
    "KO": ("a language", "KR"),
}


def kind(code: str) -> str:
    """Say what ISO 3166-1 makes of two capital letters: `assigned`, a kind of reservation, or `unassigned`."""
    if code in _USERS:
        return "user-assigned"
    if countries.known(code):
        return "assigned"
    if code in _OFFICES:
        return "indeterminately reserved"
    return next((name for name, table in _KINDS if code in table), "unassigned")


def instead(code: str) -> str:
    """Say of what is no country code why not and what to write instead, as the end of a message."""
    upper = code.upper()
    if countries.known(upper):
        return f"did you mean `{upper}`?"
    known = kind(upper)
    if upper in _OFFICES:
        return f"the code stands for {_OFFICES[upper]}, which is no country; write the countries that are meant"
    if upper in _GROUPS:
        group = f"{known} in ISO 3166-1 for a group of countries" if upper in _EXCEPTIONALLY else "a group of countries"
        return f"the code is {group}; write `territory: {_GROUPS[upper]}`"
    stands, write = next((table[upper] for _, table in _KINDS if upper in table), _USED.get(upper, ("", "")))
    if not stands and upper in _ELSEWHERE:
        stands, write = _ELSEWHERE[upper]
        return f"the code stands for {stands}; did you mean `{write}`?"
    if known == "unassigned":
        return "write an ISO 3166-1 alpha-2 code, such as CN"
    named = f", for {stands}" if stands else ""
    return f"the code is {known} in ISO 3166-1{named}; {_write(write)}"


def _write(codes: str) -> str:
    several = codes.split()
    if not several:
        return "write the countries that are meant"
    return f"write {' or '.join(f'`{code}`' for code in several)}"
