"""Named layouts: each says exactly which files it reads, and refuses the rest.

stream        bytes of a file, also compressed, in chunks that end where a line ends
lines         where the lines of a chunk begin and end
checked       what every row must satisfy, whatever file it came from
duplicates    which rows were seen before
delimited     comma-separated layouts, read line by line
csv_layouts   MarineCadastre, Danish Maritime Authority, tracktable
parquet       our own decoded file, positions with seconds
trajectories  tracktable's files of tracks
json_tracks   GeoJSON tracks, JSON lines
"""
