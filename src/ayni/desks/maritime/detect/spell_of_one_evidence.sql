-- Six positions at the beginning of the spell and six at its end.
WITH near_ends AS (
  SELECT s.key_0, s.key_1, p.source, p."offset", p."length", p.ts AS at_ms, p.receiver,
    CASE WHEN p.ts - s.started_ms <= s.ended_ms - p.ts THEN 0 ELSE 1 END AS late,
    LEAST(p.ts - s.started_ms, s.ended_ms - p.ts) AS off_ms
  FROM signal AS s JOIN position AS p ON p.mmsi = s.mmsi AND p.ts >= s.started_ms AND p.ts <= s.ended_ms),
numbered AS (
  SELECT key_0, key_1, source, "offset", "length", at_ms, receiver,
    ROW_NUMBER() OVER (PARTITION BY key_0, key_1, late ORDER BY off_ms, at_ms, source, "offset") AS nth
  FROM near_ends)
SELECT key_0, key_1, source, "offset", "length", at_ms, receiver FROM numbered WHERE nth <= 6
