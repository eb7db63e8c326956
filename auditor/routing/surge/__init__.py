"""Surges of demand: at what multiple of it who lands where, and how far that is from where nobody may land.

uniform    every client's demand grows alike: pools fill and stay full
way        where a graph sends what is asked while pools go out one after another
mix        up to what multiple nobody can land in a pool, whatever the mix     cut    the minimum cut that proves it
headroom   what that means for protected clients, also in an outage
findings   surges of the findings of a gate
"""
