-- Positions of both ships at the beginning and at the end: the three nearest in time on either side.
WITH near_ends AS (
  SELECT s.key_0, s.key_1, s.key_2, s.key_3, s.key_4, p.source, p."offset", p."length", p.ts AS at_ms, p.receiver, p.mmsi,
    CASE WHEN ABS(p.ts - s.started_ms) <= ABS(p.ts - s.ended_ms) THEN 0 ELSE 1 END AS late,
    LEAST(ABS(p.ts - s.started_ms), ABS(p.ts - s.ended_ms)) AS off_ms
  FROM (SELECT key_0, key_1, key_2, key_3, key_4, started_ms, ended_ms, mmsi_1 AS mmsi FROM signal
    UNION ALL SELECT key_0, key_1, key_2, key_3, key_4, started_ms, ended_ms, mmsi_2 FROM signal) AS s
  JOIN position AS p ON p.mmsi = s.mmsi AND p.ts >= s.started_ms - 3600000 AND p.ts <= s.ended_ms + 3600000),
numbered AS (
  SELECT key_0, key_1, key_2, key_3, key_4, source, "offset", "length", at_ms, receiver,
    ROW_NUMBER() OVER (PARTITION BY key_0, key_1, key_2, key_3, key_4, mmsi, late
      ORDER BY off_ms, at_ms, source, "offset") AS nth
  FROM near_ends)
SELECT key_0, key_1, key_2, key_3, key_4, source, "offset", "length", at_ms, receiver FROM numbered WHERE nth <= 3
