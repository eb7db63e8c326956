"""Who and where: the catalogue, the inventory and location databases add columns to flows, never rows.

who         service, plane and role of each end      match      its look-ups in the catalogue
roles       roles that follow from other flows       hops       ends that tunnels show on the way
told        hops of traces                           meetings   flows tied together by inference
places      where each end may be                    located    each distinct situation weighed once
evidence    claims within proofs                     ground     the inventory on the address lines
wide        networks and sites of configurations     regional   claims by the region that a record gives
reflect     private clients by what others saw       fold       distinct rows, and back
locate      what every source says of an address     explain    in words that a stranger can check

opened      all sources of location                  embedded   those that are shipped
mmdb        those of a user (`tree`, `codes`)        pfx2as     prefixes and their operators
inventory   the user's word                          catalogue  services, their names and networks
regions     codes of providers                       special    addresses that are nowhere in particular
addresses   text as numbers                          intervals  which of them holds an address
ports       who listens on one                       format     what may stand in the files
"""
