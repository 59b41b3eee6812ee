"""Named layouts: each says exactly which files it reads, and refuses the rest.

stream     bytes of a file, also compressed, in chunks that end where a line ends
checked    what every row must satisfy, whatever file it came from
delimited  comma-separated layouts: MarineCadastre, Danish Maritime Authority, tracktable
parquet    columnar layouts: our own decoded file, positions with seconds
points     layouts that hold tracks: tracktable trajectories, GeoJSON, JSON lines
"""
