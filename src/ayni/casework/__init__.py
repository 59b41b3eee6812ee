"""What officers do with what is seen, one verb a function; every act is entitled first and written down after.

raising   signals of desks enter the casebook, are revised and retracted
triage    an officer validates, dismisses or silences a signal
reports   an officer's own sighting, on the same path as a detector's signal
areas     an officer draws an area to be watched, changes it, ends it
watchlist one officer proposes a vessel, a second confirms; watchlist_csv reads a list of them
consult   reading a record is an act too
similar   what a signal resembles in the past, and what became of it
"""
