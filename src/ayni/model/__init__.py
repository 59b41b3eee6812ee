"""The vocabulary: what is said inside a node and between nodes. Frozen values, no input or output.

handling  how something may be used: codes, TLP, PAP, purposes, mandates, holds
place     where: GeoJSON geometries
entity    who and what, in FollowTheMoney's terms
signal    what a desk says happened, with reasons for and against
triage    what an officer decided about it
report    an officer's own sighting, on the same path
task      what a patrol is asked to do
outcome   what came of it
area      where an officer asked to have a watch kept
watch_entry  whom two officers asked to have watched for
officer   who acts
record    header and body of whatever is kept or sent
desk      what every desk is made of
codec     values to JSON and back, and their schemas
store     what an act needs of storage; memory is the plain implementation
act       the one mechanism through which every change passes
checks    what every value checks when it is made
"""
