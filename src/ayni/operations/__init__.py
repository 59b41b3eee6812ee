"""What is done about it at sea, in the air and on land, and what came of it.

tasking    a task to a patrol: accept, decline, flag State consent, start, finish
results    outcomes, also "nothing found", linked back to what led to them
news       what came since an officer last looked
watch_log  what one shift leaves to the next
"""
