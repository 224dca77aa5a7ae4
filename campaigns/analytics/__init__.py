"""The numbers of campaigns: counted from letters and replies (counting), kept by day (upkeep), read by pages (reading),
and compared (comparing). The words that all of it is about stand at models.Rollup.
"""
