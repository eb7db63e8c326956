"""Routing configuration becomes classes of clients, and proofs of where they can be sent under which outages.

model       what a configuration says: classes, graphs of pools, sites, faults, and its own interpreter
store       where files lie: disk, memory, with one file changed
revision    an earlier state: a folder, a commit (`repository`)
collect     files and folders become configurations, each by its format (`formats`)

reach       which pools can answer a graph, and how few outages that takes
graph       walks over graphs                      adding    proof where what has to fail adds up
diagrams    proof by decision diagrams (`diagram`) where it does not
placed      who clients are, where sites are       touches   each way of a class to a pool as a row of FLOW
surge       at what multiple of demand who lands where, and up to what multiple nobody can
compare     what a change made possible, and which lines did it       shown  ways as a report tells them

plain       `routing.yaml`                                            openstreetmap   capacity files
octodns     zone files                             istio, envoy  load balancing by locality
jitsi, livekit  media servers by region (`areas`)  hocon     the language of `jicofo.conf`
route53     record sets, templates, policies       cloudflare    load balancers
trafficmanager  profiles of Azure Traffic Manager
gdnsd       maps and resources                     terraform     resources, for whichever format reads them
clouddns    record sets of Google Cloud DNS        powerdns      zones files of its GeoIP backend
documents   YAML and JSON of other tools, with places (`jsontext`)    continents, addresses   what formats share
"""
