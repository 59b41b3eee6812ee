"""NMEA 0183 with AIS inside (AIVDM, AIVDO): bytes of a file or a socket to rows of `position` and `identity`.

sixbit     the armoured payload as integers, thousands of messages at a time
sentences  one line: where the sentence begins, whether its checksum holds, which part of a message it is
times      when a line was received: tag block, text before or after the sentence
parts      messages that need several sentences
columns    bit fields of position and static messages as columns
messages   every field of all 27 message types, one message at a time
decoder    the whole: bytes in, batches out, however the bytes are cut
"""
