"""gdnsd: maps of the plugin geoip, resources that fail over, and what monitors and operators say of them.

vscf        the language, with the place of everything        values      single values
parts       what a file is, and all of them put together      networks    who is in which network
maps        who is served by which list                        monitors    what can fail, and what is forced
resources   what each plugin answers                           nodes       graphs of them
replay      gdnsd's own way through one outage                 reader      all of it as a `Routing`
"""

from auditor.routing.gdnsd.parts import sniff
from auditor.routing.gdnsd.reader import FORMAT, read

__all__ = ["FORMAT", "read", "sniff"]
