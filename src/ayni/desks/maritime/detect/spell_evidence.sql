-- The three positions at the beginning of the spell and the three at its end, within two hours of it.
WITH near_ends AS (
  SELECT s.key_0, s.key_1, s.key_2, p.source, p."offset", p."length", p.ts AS at_ms, p.receiver,
    CASE WHEN ABS(p.ts - s.started_ms) <= ABS(p.ts - s.ended_ms) THEN 0 ELSE 1 END AS late,
    LEAST(ABS(p.ts - s.started_ms), ABS(p.ts - s.ended_ms)) AS off_ms
  FROM signal AS s
  JOIN position AS p ON p.mmsi = s.mmsi AND p.ts >= s.started_ms - 600000 AND p.ts <= s.ended_ms + 600000
  WHERE p.ts <= s.started_ms + 7200000 OR p.ts >= s.ended_ms - 7200000),
numbered AS (
  SELECT key_0, key_1, key_2, source, "offset", "length", at_ms, receiver,
    ROW_NUMBER() OVER (PARTITION BY key_0, key_1, key_2, late ORDER BY off_ms, at_ms, source, "offset") AS nth
  FROM near_ends)
SELECT key_0, key_1, key_2, source, "offset", "length", at_ms, receiver FROM numbered WHERE nth <= 3
