-- What was sent around the change: two reports on either side, of each of the MMSIs.
WITH reports AS (
  SELECT s.key_0, s.key_1, s.key_2, s.key_3, i.source, i."offset", i."length", i.ts AS at_ms, i.mmsi,
    CASE WHEN i.ts <= s.started_ms THEN 0 ELSE 1 END AS late,
    CASE WHEN i.ts <= s.started_ms THEN s.started_ms - i.ts ELSE ABS(i.ts - s.ended_ms) END AS off_ms
  FROM signal AS s JOIN identity AS i ON i.mmsi = s.mmsi
  UNION ALL
  SELECT s.key_0, s.key_1, s.key_2, s.key_3, i.source, i."offset", i."length", i.ts, i.mmsi,
    CASE WHEN i.ts <= s.started_ms THEN 0 ELSE 1 END, ABS(i.ts - s.ended_ms)
  FROM signal AS s JOIN identity AS i ON i.mmsi = s.mmsi_2),
numbered AS (
  SELECT key_0, key_1, key_2, key_3, source, "offset", "length", at_ms,
    ROW_NUMBER() OVER (PARTITION BY key_0, key_1, key_2, key_3, mmsi, late ORDER BY off_ms, at_ms, source, "offset") AS nth
  FROM reports)
SELECT key_0, key_1, key_2, key_3, source, "offset", "length", at_ms, CAST(NULL AS VARCHAR) AS receiver
FROM numbered WHERE nth <= 2
