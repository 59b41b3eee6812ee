"""The boarding story: fictional traffic, four nodes of an exercise, and what happens between them.

    lanes.py      sea lanes off Ecuador, Colombia and Panama, from `searoute`
    traffic.py    the ships of the story and how they move: M/V Brisa among decoys
    nmea.py       their reports as AIS sentences, each with its time and the mark of an exercise

Everything is synthetic and says so. No ship can bear the numbers: their digits 799 belong to no State.
"""
