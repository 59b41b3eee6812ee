"""Tools every desk may use: pure functions, no I/O beyond the file they are given.

units      knots, metres, microdegrees, milliseconds: exact ways between them
geo        distances, bearings, positions on WGS 84, a column at a time; how far each can be trusted
areas      boxes, rings, circles and paths, across the dateline and around the poles
positions  02°34.5′ S 079°55.0′ W: read and written
track      fixes in order of time: speed, course, resampling, simplification, dead reckoning
intercept  where a patrol meets a vessel, and where the vessel may be by then
codes      check digits and issuing States of ships, aircraft, goods and accounts
names      names of persons and vessels made comparable
tables     strict reading of CSV and Parquet: refused or counted, never dropped in silence
phrases    sentences with holes and their facts, in Spanish, Portuguese, English and French
"""
